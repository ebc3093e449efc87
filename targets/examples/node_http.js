// Node's own HTTP server with the first endpoints of the contract: docs/targets.md, "Bring your own".
'use strict';
const http = require('node:http');

const [host, port] = process.argv.slice(2);

function send(response, status, type, body) {
  response.writeHead(status, {'Content-Type': type, 'Content-Length': Buffer.byteLength(body)});
  response.end(body);
}

http.createServer((request, response) => {
  const isGet = request.method === 'GET' || request.method === 'HEAD';
  if (isGet && request.url === '/plaintext') {
    send(response, 200, 'text/plain', 'Hello, World!');
  } else if (isGet && request.url === '/json') {
    send(response, 200, 'application/json', JSON.stringify({message: 'Hello, World!'}));
  } else if (isGet && request.url === '/healthz') {
    send(response, 200, 'text/plain', 'ok');
  } else if (request.method === 'POST' && request.url === '/echo') {
    const pieces = [];
    request.on('data', (piece) => pieces.push(piece));
    request.on('end', () => send(response, 200, request.headers['content-type'] ?? 'application/octet-stream',
        Buffer.concat(pieces)));
  } else {
    send(response, 404, 'text/plain', 'unknown path');
  }
}).listen({host, port: Number(port), backlog: 4096});

process.on('SIGTERM', () => process.exit(0));
