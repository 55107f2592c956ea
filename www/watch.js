// Notices if the page's script (a module) does not load, or throws an error before the page is
// ready. Then the page shows a message that it has failed. This script is not a module, so that it
// also runs in browsers that can't run modules. If even this script does not run, style.css shows
// the message after some time. This script has two more tasks: it remembers if the Enter key is
// pressed too early, and it hides a form whose position on the page will still change.
(() => {
  const root = document.documentElement;
  /** @param {Event} event */
  const fail = (event) => {
    const { target } = event;
    // Only scripts matter: if an image does not load, the page still works.
    if (target instanceof Element && target.localName !== "script") return;
    if (root.getAttribute("data-state") !== "ready") root.setAttribute("data-state", "failed");
  };
  // If a script does not load, its event does not bubble. With `true` (capture), this listener gets
  // the event anyway.
  addEventListener("error", fail, true);
  addEventListener("unhandledrejection", fail);

  // This condition is true if an app sent the user here (see app-request.js). Later the page will
  // show the name of the app above the form, and this will move the form down. So style.css hides
  // the form until then; otherwise the form could move just when the user clicks.
  if (/[#&]request=/.test(location.hash) || history.state?.request)
    root.setAttribute("data-state", "asking");

  // The button of a form is disabled until the page's script has prepared the form (`onSubmit` in
  // form.js). Until then, the browser ignores the Enter key. So this listener marks the form in
  // which Enter was pressed, and form.js sends that form later.
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
