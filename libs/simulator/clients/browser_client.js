// A Parley client that is not ours: what a page can do with nothing but the browser's WebSocket. Evaluated in the page;
// says hello, creates a channel, sends, waits for ack and event, reads the history, and resumes on a new socket.
async ({ url, token, other }) => {
  const open = async (cursors) => {
    const socket = new WebSocket(url, "parley.v1");
    const frames = [];
    let wake = () => {};
    socket.onmessage = ({ data }) => {
      frames.push(JSON.parse(data));
      wake();
    };
    socket.onclose = ({ code }) => {
      frames.push({ type: "closed", code });
      wake();
    };
    const find = async (fits) => {
      for (let at = 0; ; at++) {
        while (at >= frames.length) {
          await new Promise((resolve) => {
            wake = resolve;
          });
        }
        const frame = frames[at];
        if (frame.type === "error" || frame.type === "closed") throw new Error(JSON.stringify(frame));
        if (fits(frame)) return frame;
      }
    };
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = () => reject(new Error("the socket did not open"));
    });
    const send = (frame) => socket.send(JSON.stringify(frame));
    const request = (frame) => {
      send(frame);
      return find((answer) => answer.id === frame.id && answer.type !== "event");
    };
    send({ type: "hello", token, device: "browser", protocol: 1, ...(cursors === undefined ? {} : { cursors }) });
    const welcome = await find(({ type }) => type === "welcome");
    return { socket, welcome, find, request };
  };

  const first = await open();
  const { channel } = await first.request({ type: "channel.create", id: "br-create", kind: "group", members: [other] });
  const ack = await first.request({ type: "send", id: "br-1", channel, text: "from a page 🧭" });
  const event = await first.find(({ type, id }) => type === "event" && id === "br-1");
  const history = await first.request({ type: "history", id: "br-history", channel });
  first.socket.close(1000);
  const second = await open({ [channel]: 1 });
  const resumed = await second.find(({ type, channel: of }) => type === "event" && of === channel);
  second.socket.close(1000);
  return { subprotocol: first.socket.protocol, welcome: first.welcome, ack, event, history, resumed };
};
