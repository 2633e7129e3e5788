// gRPC clients that watch a poll, to be paused: they then neither read nor answer. Writes a dot for each update, and says when every
// stream has had one.
import { credentials } from '@grpc/grpc-js'
import { loadAdminService } from '../../../src/adapters/grpc/contract.ts'

const { GRPC_ADDRESS = '', POLL_ID = '', CONNECTIONS = '1', STREAMS = '1' } = process.env

const AdminService = loadAdminService()
const clients = Array.from(
  { length: Number(CONNECTIONS) },
  // Else they would share one connection.
  () => new AdminService(GRPC_ADDRESS, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 }),
)
let waiting = Number(CONNECTIONS) * Number(STREAMS)
for (const client of clients) {
  for (let stream = 0; stream < Number(STREAMS); stream += 1) {
    client
      .watchPoll({ pollId: POLL_ID })
      .on('data', () => process.stdout.write('.'))
      .once('data', () => {
        waiting -= 1
        if (waiting === 0) console.log('all watch')
      })
      // The end of the server is the end of this.
      .on('error', () => undefined)
  }
}
process.once('SIGTERM', () => {
  for (const client of clients) client.close()
})
