// Fetches the page again, and shows what is new of it: not while somebody reads on, has opened
// something or marks a text.
"use strict";
(() => {
  const state = document.getElementById("live");
  const seconds = Number(document.querySelector("main").dataset.live);
  if (!seconds) return;
  const busy = () => {
    const main = document.querySelector("main");
    return document.hidden || main.contains(document.activeElement) || main.querySelector("details[open]") || !getSelection().isCollapsed;
  };
  const say = (words) => { if (state.textContent !== words) state.textContent = words; };
  const look = async () => {
    if (busy()) return;
    try {
      const answer = await fetch(location.href, { redirect: "error" });
      if (!answer.ok) throw new Error(String(answer.status));
      const next = new DOMParser().parseFromString(await answer.text(), "text/html");
      const now = document.querySelector("main"), then = next.querySelector("main");
      if (!busy() && then && now.innerHTML !== then.innerHTML) now.replaceWith(document.adoptNode(then));
      document.getElementById("at").textContent = next.getElementById("at").textContent;
      say("");
    } catch {
      say("This page could not be fetched again: what it shows is of the time above.");
    }
  };
  setInterval(look, seconds * 1000);
})();
