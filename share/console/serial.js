import {address, byId, keepConnected, say, vm, watchPower} from '/console/common.js';
import {Terminal} from '/console/terminal.js';

let socket = null;
const terminal = new Terminal(byId('terminal'), (text) => {
    if (socket && socket.readyState === WebSocket.OPEN) socket.send(new TextEncoder().encode(text));
});

const connection = keepConnected(async () => {
    const url = await address('serial');
    if (!url) return false;
    socket = new WebSocket(url, ['binary']);
    socket.binaryType = 'arraybuffer';
    const decoder = new TextDecoder();
    terminal.clear();                        // the host repeats the last lines
    socket.addEventListener('open', () => {
        say('connected');
        connection.works();
        byId('terminal').focus();
    });
    socket.addEventListener('message', (event) => terminal.write(decoder.decode(event.data, {stream: true})));
    socket.addEventListener('close', () => {
        say('disconnected');
        connection.again();
    });
    return true;
});

byId('other').href = '/console?' + new URLSearchParams({vm});
watchPower((state) => { if (state === 'poweredOn') connection.now(); });
