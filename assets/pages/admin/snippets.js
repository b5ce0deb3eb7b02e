// How does a client program look? One for each dialect in each of three languages; they run as they are.

import { below, path } from '../here.js';

const javascript = ({ url, token }, body, socket = true) => `${socket ? `// npm install socket.io-client
import { io } from 'socket.io-client';

` : ''}const url = '${url}';
const token = '${token}';
const call = async (method, path, body) => (await fetch(url + path, {
  method,
  headers: { 'Content-Type': 'application/json', Authorization: \`Bearer \${token}\` },
  body: body && JSON.stringify(body),
})).json();

${body.trim()}
`;

const python = ({ url, token }, body, socket = true) => `# pip install ${socket ? '"python-socketio[client]" ' : ''}requests
import requests
${socket ? 'import socketio\n' : ''}
url = "${url}"
token = "${token}"
http = requests.Session()
http.headers["Authorization"] = f"Bearer {token}"

${body.trim()}
`;

const curl = ({ url, token }, body) => `URL=${url}
TOKEN=${token}
call() { curl -sS -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' "$@"; echo; }

${body.trim()}
`;

// The programs end by themselves after the first event that they hear.
const listen = (event, more, space = '') => `const socket = io(${below ? 'new URL(url).origin' : 'url'}${space && ` + '${space}'`}, { ${below && `path: '${path}', `}auth: { token } });
socket.on('connect_error', (error) => console.log('refused:', error.message));
socket.on('error', (error) => (console.log('error:', error.message), socket.close()));
socket.on('${event}', (said) => (console.log('heard:', said), socket.close()));
${more}`;
const hear = (event, more, space) => `heard = socketio.Client()

@heard.on("${event}"${space ? `, namespace="${space}"` : ''})
def on_message(said):
    print("heard:", said)
    heard.disconnect()

heard.connect(url, auth={"token": token}${space ? `, namespaces=["${space}"]` : ''}${below && `, socketio_path="${path.slice(1)}"`})
${more}
heard.wait()`;

export const programs = {
  campus: {
    about: 'UUIDs; kebab-case events; a conversation of two people.',
    javascript: (it) => javascript(it, `
const { id } = await call('POST', '/conversaton/create', { senderId: '${it.me.id}', receiverId: '${it.other.id}' });
${listen('receive-message', "socket.emit('send-message', { conversationId: id, message: 'Hello from campus!' });")}`),
    python: (it) => python(it, `
made = http.post(f"{url}/conversaton/create", json={"senderId": "${it.me.id}", "receiverId": "${it.other.id}"}).json()
${hear('receive-message', 'heard.emit("send-message", {"conversationId": made["id"], "message": "Hello from campus!"})')}`),
    curl: (it) => curl(it, `
MADE=$(call "$URL/conversaton/create" -d '{"senderId":"${it.me.id}","receiverId":"${it.other.id}"}')
ID=$(echo "$MADE" | grep -o '"id":"[^"]*"' | head -1 | cut -d '"' -f 4)
call "$URL/message/create" -d '{"conversationId":"'"$ID"'","senderId":"${it.me.id}","message":"Hello from campus!"}'
call "$URL/message/get-messages?conversationId=$ID"`),
  },
  mentor: {
    about: 'UUIDs; messages by REST, heard in the namespace /chat. It talks where this person has talked last.',
    javascript: (it) => javascript(it, `
const [latest] = await call('GET', '/api/conversations?limit=1');
if (!latest) throw new Error('There is no conversation yet: the example of campus makes one');
${listen('new_message', `socket.on('connect', () => call('POST', \`/api/conversations/\${latest.id}/messages\`,
  { content: 'Hello from mentor!', contentType: 'text' }));`, '/chat')}`),
    python: (it) => python(it, `
latest = http.get(f"{url}/api/conversations", params={"limit": 1}).json()
if not latest:
    raise SystemExit("There is no conversation yet: the example of campus makes one")
${hear('new_message', `http.post(f"{url}/api/conversations/{latest[0]['id']}/messages",
          json={"content": "Hello from mentor!", "contentType": "text"})`, '/chat')}`),
    curl: (it) => curl(it, `
ID=$(call "$URL/api/conversations?limit=1" | grep -o '"id":"[^"]*"' | head -1 | cut -d '"' -f 4)
call "$URL/api/conversations/$ID/messages" -d '{"content":"Hello from mentor!","contentType":"text"}'
call "$URL/api/conversations/$ID/messages?limit=5"
call -X PATCH "$URL/api/conversations/$ID/read"`),
  },
  emote: {
    about: 'UUIDs; accounts, people and conversations by REST. It has no events.',
    javascript: (it) => javascript(it, `
console.log(await call('GET', '/api/auth/validate'));
console.log(await call('GET', '/api/profile/users?page=1&page_size=5'));
console.log(await call('GET', '/api/conversations?page=1&page_size=5'));`, false),
    python: (it) => python(it, `
print(http.get(f"{url}/api/auth/validate").json())
print(http.get(f"{url}/api/profile/users", params={"page": 1, "page_size": 5}).json())
print(http.get(f"{url}/api/conversations", params={"page": 1, "page_size": 5}).json())`, false),
    curl: (it) => curl(it, `
call "$URL/api/auth/validate"
call "$URL/api/profile/users?page=1&page_size=5"
call "$URL/api/conversations?page=1&page_size=5"`),
  },
  rooms: {
    about: 'Ids of 24 hex digits; camelCase events; rooms that are open to everybody.',
    javascript: (it) => javascript(it, `
const name = \`Try it \${new Date().toISOString()}\`;
const { data: room } = await call('POST', '/api/rooms', { name, description: 'A first room' });
${listen('message', `socket.emit('joinRoom', { roomId: room._id });
socket.emit('message', { roomId: room._id, content: 'Hello from rooms!' });`)}`),
    python: (it) => python(it, `
from datetime import datetime
name = f"Try it {datetime.now().isoformat()}"
room = http.post(f"{url}/api/rooms", json={"name": name, "description": "A first room"}).json()["data"]
${hear('message', `heard.emit("joinRoom", {"roomId": room["_id"]})
heard.emit("message", {"roomId": room["_id"], "content": "Hello from rooms!"})`)}`),
    curl: (it) => curl(it, `
MADE=$(call "$URL/api/rooms" -d '{"name":"Try it '"$(date +%s)"'","description":"A first room"}')
ROOM=$(echo "$MADE" | grep -o '"_id":"[^"]*"' | head -1 | cut -d '"' -f 4)
call "$URL/api/messages" -d '{"roomId":"'"$ROOM"'","content":"Hello from rooms!"}'
call "$URL/api/messages/$ROOM"`),
  },
  direct: {
    about: 'Whole numbers; snake_case events; whom to write to is enough. By REST it has notifications only.',
    javascript: (it) => javascript(it, listen('message_notification',
      `socket.on('new_message', (said) => (console.log('heard:', said), socket.close()));
socket.emit('send_message', { toUserId: ${it.other.number}, content: 'Hello from direct!' });
console.log(await call('GET', '/api/notifications'));`)),
    python: (it) => python(it, hear('new_message', `print(http.get(f"{url}/api/notifications").json())
heard.emit("send_message", {"toUserId": ${it.other.number}, "content": "Hello from direct!"})`)),
    curl: (it) => curl(it, 'call "$URL/api/notifications"'),
  },
};

export const languages = { javascript: 'JavaScript', python: 'Python', curl: 'curl' };

/** The events that clients may send in each namespace, with an example of each body. */
export const events = (other) => {
  const conversationId = '…';
  return {
    '/': {
      send_message: { toUserId: other.number, content: 'Hello!' },
      join_conversation: { conversationId }, leave_conversation: { conversationId }, mark_read: { conversationId },
      typing_start: { conversationId, toUserId: other.number }, typing_stop: { conversationId, toUserId: other.number },
      joinRoom: { roomId: '…' }, leaveRoom: { roomId: '…' }, message: { roomId: '…', content: 'Hello!' },
      'join-conversation': { conversationId }, 'send-message': { conversationId, message: 'Hello!' },
      'join-group': { conversation: '…' }, 'send-group-message': { conversationId, message: 'Hello!' },
    },
    '/chat': {
      join_conversation: { conversationId }, leave_conversation: { conversationId },
      typing: { conversationId, isTyping: true }, mark_read: { conversationId },
    },
  };
};
