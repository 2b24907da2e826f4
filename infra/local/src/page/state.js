// The server's last state. All modules read it here; only app.js writes it.

export let state = { buttons: [], zones: [], spaces: [], phones: [], troubles: [], facts: [], functions: [], mail: [], sources: [], people: [], rotas: [], plans: {} };
let arrived = 0; // when it came, on this machine's steady clock

export function learn(fresh) {
  state = { ...state, ...fresh };
  delete state.wire;
  arrived = performance.now();
}

/** The system's time, which may be far ahead of this machine's; null before the first state. */
export const systemTime = () => (state.now ? new Date(new Date(state.now).getTime() + performance.now() - arrived) : null);
