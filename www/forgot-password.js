// Asks the service for a mail with a link to choose a new password. The service gives the same
// answer for every address, and this page shows the same text for every address. So nobody learns
// here which addresses have an account.
import { typedAddress } from "./address.js";
import { keepForMail, newId, takeAppRequest, withAppRequest } from "./app-request.js";
import { isMet, isRefusedChallenge, takeChallenge } from "./challenge.js";
import { all, first, inputOf, ready } from "./dom.js";
import { isAbout, isRefusal } from "./failures.js";
import { addressIn, isComplete, onSubmit, refuseAddress } from "./form.js";
import { showSent } from "./sent.js";
import { client } from "./session.js";

const form = first(document, "form", HTMLFormElement);
const input = inputOf(form, "email");
const { request } = takeAppRequest();
const mailId = newId();

if (request)
  for (const link of all(".sign-in"))
    link.setAttribute("href", withAppRequest("/sign-in", request));

input.value ||= typedAddress();
onSubmit(form, async () => {
  const email = addressIn(input);
  if (!isComplete(form) || !isMet()) return;
  const ask = (/** @type {{challenge?: string}} */ challenge) =>
    client.requestPasswordReset(email, { ...challenge, ...keepForMail(request, mailId) });
  try {
    await ask(takeChallenge());
  } catch (error) {
    if (!isRefusal(error)) throw error;
    if (isRefusedChallenge(error)) return;
    if (!isAbout(error, "email")) throw error;
    return refuseAddress(input);
  }
  showSent(email, ask);
});
ready();
