// Shows a message that the page has failed, if the page's module does not load or throws before the
// page is ready. This script is not a module, so it also runs in browsers that can't run the
// modules. If even this script does not run, style.css shows the message by itself. This script
// also remembers an Enter key that is pressed too early, and hides a form that would still move.
(() => {
  const root = document.documentElement;
  /** @param {Event} event */
  const fail = (event) => {
    const { target } = event;
    // An image that does not load is not a failure of the page.
    if (target instanceof Element && target.localName !== "script") return;
    if (root.getAttribute("data-state") !== "ready") root.setAttribute("data-state", "failed");
  };
  // With `true` the listener also gets the events of scripts that don't load, which don't bubble.
  addEventListener("error", fail, true);
  addEventListener("unhandledrejection", fail);

  // An app sent the user here (app-request.js), so the heading above the form will name the app.
  // Until the page knows the name, style.css hides the form, so that the form does not move under
  // the pointer.
  if (/[#&]request=/.test(location.hash) || history.state?.request)
    root.setAttribute("data-state", "asking");

  // Until the page's script has prepared a form (`onSubmit` in form.js), the form's button is
  // disabled, so the browser ignores the Enter key. The key is remembered, so that form.js can send
  // the form later.
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
