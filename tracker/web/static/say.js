// Words to the band: what was pressed, and whether it was heard.
import { house } from "./feed.js";
import { post } from "./words.js";

const ANSWER_MS = 6000, SHOWN_MS = 8000;
const said = document.getElementById("said");
let clearing = 0;

// of: the chosen band and its id, as they are now.
export function startSaying(of) {
  document.getElementById("pain").addEventListener("click", () => say(of(), "pain", "{}",
    "Logged. The hold is over: rest, and go easier.", "Logged. Rest, and go easier."));
  document.getElementById("end").addEventListener("click", () => say(of(), "end", "", "The hold is over.", ""));
}

// The broker's word is not the band's: a hold is over when the band's state says so.
async function say({ id, band }, command, payload, over, resting) {
  const holding = band.state?.holding;
  if (house.broker === "online" && house.bridge !== "online") return tell("Not heard: stretchband run is not running.");
  try {
    await post(`/bands/${encodeURIComponent(id)}/${command}`, payload);
  } catch (error) {
    return tell(`Not heard: ${error.message}.`);
  }
  if (!holding) return tell(resting);
  tell("Heard …");
  const end = Date.now() + ANSWER_MS;
  while (band.state.holding && Date.now() < end) await new Promise((done) => setTimeout(done, 50));
  tell(band.state.holding ? "No answer yet: is the band in reach?" : over);
}

function tell(words) {
  said.textContent = words;
  clearTimeout(clearing);
  clearing = setTimeout(() => { said.textContent = ""; }, SHOWN_MS);
}
