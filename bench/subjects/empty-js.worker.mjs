// The floor: an empty Worker, which shows the cost of the runtime itself.
export default {
  fetch() {
    return new Response('{"authorized":true}', { headers: { "content-type": "application/json" } });
  },
};
