// The page reads well without this: it adds the live status, this origin in the examples, and buttons to copy them.

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

function show(state, text) {
  document.getElementById("status").dataset.state = state;
  document.getElementById("status-text").textContent = text;
}

async function checkHealth() {
  try {
    const response = await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(10_000) });
    if (response.ok) {
      show("good", "Healthy: configured, and the database answers");
      return;
    }
    const problem = await response.json().catch(() => ({}));
    show("bad", problem.code === "misconfigured"
      ? "Misconfigured: the log names the setting"
      : `Not healthy: ${problem.code ?? response.status}`);
  } catch {
    show("bad", "Not reachable");
  }
}

function addCopyButton(snippet) {
  const pre = snippet.querySelector("pre");
  const button = document.createElement("button");
  const what = document.getElementById(pre.getAttribute("aria-labelledby")).textContent;
  button.type = "button";
  button.textContent = "Copy";
  button.setAttribute("aria-label", `Copy: ${what}`);
  button.addEventListener("click", async () => {
    let said = "Copied";
    try {
      await navigator.clipboard.writeText(pre.textContent);
    } catch {
      getSelection().selectAllChildren(pre);
      said = "Selected";
    }
    button.textContent = said;
    document.getElementById("announce").textContent = `${said}: ${what}`;
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  snippet.append(button);
}

for (const place of document.querySelectorAll(".origin")) place.textContent = location.origin;
for (const snippet of document.querySelectorAll(".snippet")) addCopyButton(snippet);
document.getElementById("local").hidden = !LOOPBACK.test(location.hostname);
checkHealth();
