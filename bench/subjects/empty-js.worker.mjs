// The floor of the bench: an empty Worker. Its measurements show the cost of the runtime itself.
export default {
  fetch() {
    return new Response('{"authorized":true}', { headers: { "content-type": "application/json" } });
  },
};
