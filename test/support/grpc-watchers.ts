import { credentials } from '@grpc/grpc-js'
import { loadAdminService } from '../../src/adapters/grpc/contract.ts'

// A program of its own, so that it can be stopped as a whole: watches a poll over connections of its own, and says when all show it.
const [address = '', pollId = '', count = '1'] = process.argv.slice(2)
const AdminClient = loadAdminService()
const seen = Array.from({ length: Number(count) }, async () => {
  const client = new AdminClient(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 })
  const call = client.watchPoll({ pollId })
  call.on('error', () => undefined)
  await new Promise<void>((resolve) => {
    call.once('data', () => resolve())
  })
})
await Promise.all(seen)
console.log('all watch')
