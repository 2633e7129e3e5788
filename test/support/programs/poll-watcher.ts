// A gRPC client that watches a poll over many streams of one connection, to be paused: it then neither reads nor answers.
import { credentials } from '@grpc/grpc-js'
import { loadAdminService } from '../../../src/adapters/grpc/contract.ts'

const { GRPC_ADDRESS = '', POLL_ID = '', STREAMS = '1' } = process.env

const AdminService = loadAdminService()
const client = new AdminService(GRPC_ADDRESS, credentials.createInsecure())
for (let stream = 0; stream < Number(STREAMS); stream += 1) {
  client
    .watchPoll({ pollId: POLL_ID })
    .on('data', () => process.stdout.write('.'))
    // The end of the server is the end of this.
    .on('error', () => undefined)
}
process.once('SIGTERM', () => client.close())
