// The password, and what was wrong with it.
const form = document.getElementById("form");
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const password = document.getElementById("password").value;
  const answer = await fetch("/login", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ password }),
  });
  if (answer.ok) location.replace("/");
  else document.getElementById("error").textContent = (await answer.json()).error;
});
