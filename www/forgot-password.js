// Asks for a mail with a reset link. The answer is the same for every address, and so is what this page says.
import { byId } from "./dom.js";
import { addressIn, onSubmit, refuseAddress, show } from "./form.js";
import { isLoopback } from "./loopback.js";
import { client } from "./session.js";

const form = document.querySelector("form");
const input = form.elements.email;

onSubmit(form, async () => {
  const email = addressIn(input);
  if (email === null) return;
  try {
    await client.requestPasswordReset(email);
  } catch (error) {
    if (error.code !== "invalid_field") throw error;
    return refuseAddress(input);
  }
  byId("asked").textContent = email;
  show("sent");
});

byId("again").addEventListener("click", () => {
  show("ask");
  input.focus();
  input.select();
});

byId("local").hidden = !isLoopback;
