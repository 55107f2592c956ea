// Asks for a mail with a link to choose a new password. The service answers in the same way for
// every address, and this page says the same for every address.
import { byId, first, inputOf } from "./dom.js";
import { addressIn, onSubmit, refuseAddress, show } from "./form.js";
import { isLoopback } from "./loopback.js";
import { client } from "./session.js";
import { isRefusal } from "./words.js";

const form = first(document, "form", HTMLFormElement);
const input = inputOf(form, "email");

onSubmit(form, async () => {
  const email = addressIn(input);
  if (email === null) return;
  try {
    await client.requestPasswordReset(email);
  } catch (error) {
    if (!isRefusal(error) || error.code !== "invalid_field") throw error;
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
