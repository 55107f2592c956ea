// Says that the page failed, if its module does not load or throws before the page is ready. This
// script is not a module, so that it also runs in browsers that can't read the modules. style.css
// shows the message by itself when even this script does not run. This script also notes an Enter
// key that comes too early, and hides a form that would still move.
(() => {
  const root = document.documentElement;
  /** @param {Event} event */
  const fail = (event) => {
    const { target } = event;
    // A picture that does not load does not matter.
    if (target instanceof Element && target.localName !== "script") return;
    if (root.getAttribute("data-state") !== "ready") root.setAttribute("data-state", "failed");
  };
  // Capturing: the event of a script that does not load does not bubble.
  addEventListener("error", fail, true);
  addEventListener("unhandledrejection", fail);

  // An app's request led here (app-request.js). The heading above the form names the app. Until the
  // page knows the name, style.css hides the form, so that it does not move under a pointer.
  if (/[#&]request=/.test(location.hash) || history.state?.request)
    root.setAttribute("data-state", "asking");

  // Until the page's script has armed a form, its button is disabled, so the browser ignores the
  // Enter key. Remember the key, so that form.js can send the form once it is armed.
  addEventListener(
    "keydown",
    (event) => {
      const { target } = event;
      if (event.key !== "Enter" || event.isComposing || !(target instanceof HTMLInputElement))
        return;
      const { form } = target;
      if (form === null || form.querySelector("[type=submit]:disabled") === null) return;
      form.setAttribute("data-entered", "");
    },
    true,
  );
})();
