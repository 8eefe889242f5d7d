// Choosing a citation shows it beside the answer; without this script the same links open the source in a new tab.
(() => {
  "use strict";
  const NARROW = window.matchMedia("(max-width: 55rem)");
  const find = (id) => document.getElementById(id);
  let opener = null;

  function show(link) {
    const frame = find("source-frame");
    frame.contentWindow.location.replace(link.href); // not a step in the browser's history
    frame.title = link.querySelector(".title")?.textContent ?? link.title;
    find("source-title").textContent = frame.title;
    find("source-tab").href = link.href;
    document.body.classList.add("source-shown");
    for (const other of document.querySelectorAll("a.source")) {
      const chosen = other.href === link.href && other.closest("section, ul") === link.closest("section, ul");
      if (chosen) other.setAttribute("aria-current", "true");
      else other.removeAttribute("aria-current");
    }
  }

  function showDocuments() {
    document.body.classList.remove("source-shown");
    for (const link of document.querySelectorAll("a.source")) link.removeAttribute("aria-current");
  }

  function openSheet(from) {
    if (!NARROW.matches) return;
    opener = from;
    document.body.classList.add("sheet-open");
    find("sheet-close").focus();
  }

  function closeSheet() {
    if (!document.body.classList.contains("sheet-open")) return;
    document.body.classList.remove("sheet-open");
    opener?.focus();
  }

  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const link = event.target.closest("a.source");
    if (link) {
      event.preventDefault();
      show(link);
      openSheet(link);
    } else if (event.target.closest("#show-documents")) {
      showDocuments();
      openSheet(event.target);
    } else if (event.target.closest("#source-documents")) {
      showDocuments();
    } else if (event.target.closest("#sheet-close")) {
      closeSheet();
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") closeSheet();
  });

  // A new answer: its question moves to the top, its first citation is shown, a screen reader reads it.
  let shownTurn = null;
  function followThread(thread) {
    const turns = thread.querySelectorAll("section.turn");
    const last = turns[turns.length - 1];
    if (!last || last === shownTurn) return;
    shownTurn = last;
    const question = last.querySelector(".question");
    thread.scrollTop += question.getBoundingClientRect().top - thread.getBoundingClientRect().top - 20;
    const first = last.querySelector("a.source");
    if (first) show(first);
  }

  const waiting = setInterval(() => {
    const thread = find("thread");
    if (!thread) return;
    clearInterval(waiting);
    thread.setAttribute("role", "log");
    thread.setAttribute("aria-label", "Answers");
    thread.tabIndex = 0; // a scrolling region is to be reached by keyboard
    if (!NARROW.matches) document.querySelector("#question textarea")?.focus(); // on a phone the keyboard would open
    new MutationObserver(() => followThread(thread)).observe(thread, { childList: true, subtree: true });
  }, 50);
})();
