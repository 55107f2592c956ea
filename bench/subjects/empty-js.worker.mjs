// The floor: what the runtime itself takes.
export default {
  fetch() {
    return new Response('{"authorized":true}', { headers: { "content-type": "application/json" } });
  },
};
