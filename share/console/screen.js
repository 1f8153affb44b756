import RFB from '/console/novnc/core/rfb.js';
import {address, byId, keepConnected, say, vm, watchPower} from '/console/common.js';

let rfb = null;

// Keys of a US keyboard for one character: [keysym, with shift].
const SHIFTED = '~!@#$%^&*()_+{}|:"<>?';
function keysOf(character) {
    if (character === '\n') return [0xff0d, false];
    if (character === '\t') return [0xff09, false];
    const code = character.codePointAt(0);
    const upper = (character >= 'A' && character <= 'Z') || SHIFTED.includes(character);
    return [code < 0x100 ? code : 0x01000000 + code, upper];
}

async function typeText(text) {
    for (const character of text.replaceAll('\r\n', '\n')) {
        if (!rfb) return;
        const [keysym, shift] = keysOf(character);
        if (shift) rfb.sendKey(0xffe1, 'ShiftLeft', true);
        rfb.sendKey(keysym, null);
        if (shift) rfb.sendKey(0xffe1, 'ShiftLeft', false);
        await new Promise((done) => setTimeout(done, 15));   // a keyboard's buffer is small
    }
}

function enable(on) {
    byId('keys').disabled = byId('type').disabled = !on;
}

function scale() {
    if (!rfb) return;
    rfb.scaleViewport = byId('scale').checked;
    rfb.clipViewport = !byId('scale').checked;
    rfb.dragViewport = false;
}

const connection = keepConnected(async () => {
    const url = await address('display');
    if (!url) return false;
    say('connecting');
    byId('screen').replaceChildren();
    rfb = new RFB(byId('screen'), url, {wsProtocols: ['binary'], shared: true});
    scale();
    rfb.addEventListener('connect', () => {
        say('connected');
        enable(true);
        connection.works();
        rfb.focus();
    });
    rfb.addEventListener('disconnect', (event) => {
        say(event.detail.clean ? 'disconnected' : 'the connection was cut; connecting again');
        rfb = null;
        enable(false);
        connection.again();
    });
    return true;
});

enable(false);
byId('serial').href = '/console?' + new URLSearchParams({vm, serial: '1'});
byId('scale').addEventListener('change', scale);
byId('keys').addEventListener('click', () => { if (rfb) { rfb.sendCtrlAltDel(); rfb.focus(); } });
byId('full').addEventListener('click', () => byId('screen').requestFullscreen());
byId('type').addEventListener('click', () => byId('text').showModal());
byId('text').addEventListener('close', () => {
    const words = byId('words').value;
    byId('words').value = '';
    if (byId('text').returnValue === 'ok') typeText(words);
    if (rfb) rfb.focus();
});
watchPower((state) => { if (state === 'poweredOn') connection.now(); });
