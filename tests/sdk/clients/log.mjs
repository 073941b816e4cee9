// What a client sends and gets, at the edge of its transport, and what it made of it.
export function logged(transport, messages) {
  const send = transport.send.bind(transport);
  transport.send = (message, options) => {
    for (const one of [message].flat()) messages.push({ from: "client", message: one });
    return send(message, options);
  };
  let handler;
  Object.defineProperty(transport, "onmessage", {
    configurable: true,
    get: () => handler,
    set(inner) {
      handler = (message, extra) => {
        messages.push({ from: "server", message });
        return inner?.(message, extra);
      };
    },
  });
  return transport;
}

// The last line of standard output is the report; the process ends whatever is still open.
export function report(saw, messages) {
  process.stdout.write(JSON.stringify({ saw, messages }) + "\n", () => process.exit(0));
}
