// Which view is shown, and what this browser has been told before.
import { startLive } from "./live.js";

const views = { live: document.getElementById("live"), history: document.getElementById("history") };

async function show() {
  const name = location.hash === "#history" ? "history" : "live";
  for (const [key, view] of Object.entries(views)) {
    view.hidden = key !== name;
    const link = document.getElementById(`to-${key}`);
    if (key === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (name === "history") (await import("./history.js")).showHistory();
}

const cautions = document.getElementById("cautions");
if (!localStorage.getItem("cautions-read")) {
  cautions.showModal();
  cautions.addEventListener("close", () => localStorage.setItem("cautions-read", new Date().toISOString()));
}
addEventListener("hashchange", show);
// The page of an empty history says that the first hold comes by itself.
addEventListener("held", () => { if (!document.getElementById("nothing").hidden) show(); });
startLive();
show();
