// Words and numbers as people read them.
const NAMES = { hamstring: "Hamstring", inner_thigh: "Inner thigh", prone_quad: "Quad, lying", standing_quad: "Quad, standing", other: "Other" };
export const STRETCHES = Object.keys(NAMES);
export const stretchName = (name) => NAMES[name] ?? (name ?? "").replaceAll("_", " ");

export function seconds(s) {
  if (s < 90) return `${Math.round(s)} s`;
  const minutes = Math.round(s / 60);
  return minutes < 90 ? `${minutes} min` : `${(s / 3600).toFixed(s < 36_000 ? 1 : 0)} h`;
}

export const many = (n, one) => `${n.toLocaleString()} ${one}${n === 1 ? "" : "s"}`;

export async function post(path, body) {
  const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body });
  if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).error ?? `status ${answer.status}`);
}

export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}
