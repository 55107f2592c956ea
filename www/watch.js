// Says that the page failed, if its module does not load or throws before the page is ready. It is
// not a module, so that it also runs in browsers that can't read the modules. style.css shows the
// message by itself when even this does not run.
(() => {
  const root = document.documentElement;
  /** @param {Event} event */
  const fail = (event) => {
    const { target } = event;
    // A picture that does not load is no reason.
    if (target instanceof Element && target.localName !== "script") return;
    if (root.getAttribute("data-state") !== "ready") root.setAttribute("data-state", "failed");
  };
  // Capturing: the event of a script that does not load does not bubble.
  addEventListener("error", fail, true);
  addEventListener("unhandledrejection", fail);
})();
