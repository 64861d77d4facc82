// socket.io as its documentation shows private messages and broadcasts: rooms named after users,
// one room for all.
//
//   node bench/peers/socket-io.mjs PORT
import { createServer } from 'node:http';
import { Server } from 'socket.io';

const server = createServer();
const io = new Server(server, { serveClient: false });

io.on('connection', (socket) => {
  socket.join(socket.handshake.query.index);
  socket.join('all');
  socket.on('m', (to, text) => {
    // To a room, and not to the sender.
    socket.to(to).emit('m', text);
  });
});
server.listen(Number(process.argv[2]), '127.0.0.1', 4096);
process.once('SIGTERM', () => process.exit(0));
