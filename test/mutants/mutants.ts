import type { Mutant, NamedTest } from './mutant.ts'

const exportFor = (results: string, votes: string): NamedTest => ({
  file: 'test/adapters/http-export.test.ts',
  title: `shows who may see results (${results}) the totals, and single votes to those who may see these too (${votes})`,
})
const exportNames = {
  file: 'test/adapters/http-export.test.ts',
  title: 'has no byte of a voter key or of a place in the stream, and other names for voters in every poll and round',
}

/** Ways to break what docs/guarantees.md promises, in its order. */
export const mutants: readonly Mutant[] = [
  // G1: an accepted vote counts, exactly once.
  {
    breaks: 'a vote is called accepted before the replicas have it',
    edits: [
      {
        file: 'src/adapters/redis/vote-door.ts',
        from: '{ ahead, behind, patience',
        to: '{ ahead, patience',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/redis-faults.test.ts',
        title: 'where replicas are asked for, a vote is accepted only when enough of them have it',
      },
    ],
  },
  {
    breaks: 'a command to a cluster whose answer was lost is sent again',
    edits: [
      {
        file: 'src/adapters/redis/cluster/redirects.ts',
        from: "return word === 'TRYAGAIN' ? { type: 'again' } : null",
        to: "return { type: 'again' }",
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/redis-cluster.test.ts',
        title: 'only a refusal for the sake of the slot is a redirect; nothing else says that nothing was done',
      },
    ],
  },
  {
    breaks: 'entries that a primary and its successor append in the same millisecond are taken for one another',
    edits: [
      {
        file: 'src/adapters/redis/lua/shared.lua',
        from: "{ judgedAt .. '-' .. drawn, judgedAt .. '-*' }",
        to: "{ judgedAt .. '-*' }",
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/redis-faults.test.ts',
        title:
          'every entry bears a number of its own, so that of two copies of a log each knows which entries are its own',
      },
    ],
  },
  {
    breaks: 'a batch that is sent on to another server of a cluster is judged by a log that nobody has looked at',
    edits: [
      {
        file: 'src/adapters/redis/vote-door.ts',
        from: '{ ahead, behind, patience',
        to: '{ behind, patience',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/redis-cluster.test.ts',
        title: 'sends no votes on to where their slot has moved: nobody has looked at the log there',
      },
    ],
  },
  {
    breaks:
      'votes are judged at the new server of a slot, of which another duty has heard, by a log that nobody has looked at',
    edits: [
      {
        file: 'src/adapters/redis/cluster/servers.ts',
        from: '  map.onMove(interrupt)\n',
        to: '',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/redis-cluster.test.ts',
        title: 'tells the others of a slot that has moved, once, and of no other slot',
      },
    ],
  },
  {
    breaks: 'the partitions of a cluster lie where chance puts them',
    edits: [
      {
        file: 'src/adapters/redis/cluster/partition-tags.ts',
        from: 'return `${partition}.${number}`',
        to: 'return String(partition)',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/redis-cluster.test.ts',
        title: 'of any number of partitions each server of a cluster has its part, or one more',
      },
    ],
  },
  {
    breaks: 'a slot that is moving refuses what was sent to its new server',
    edits: [
      {
        file: 'src/adapters/redis/cluster/servers.ts',
        from: 'if (isAsked) redis.asking().catch(() => undefined)',
        to: '',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/redis-cluster.test.ts',
        title:
          'a door, its voters and its stream go on at the server that their slot was moved to, and that is told as an interruption',
      },
    ],
  },
  {
    breaks: 'votes for a slot that is on its way go to whoever takes over there, before its log is looked at',
    edits: [
      {
        file: 'src/adapters/redis/cluster/servers.ts',
        from: 'if (before !== undefined && before !== address) interrupt((key) => slotOf(key) === slot)',
        to: '',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/redis-cluster.test.ts',
        title: 'takes it for an interruption where keys on their way are at another server than before',
      },
    ],
  },
  {
    breaks: 'nothing starts while the primary with the first partition is away',
    edits: [
      {
        file: 'src/adapters/redis/vote-door.ts',
        from: 'onServerNear(servers, keys.stream(0), readClock)',
        to: 'onServerOf(servers, keys.stream(0), readClock)',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/redis-cluster-outage.test.ts',
        title:
          'while a primary and its replica are silent, who starts serves the partitions of the others, and these once they are back',
      },
    ],
  },
  {
    breaks: 'a replica that keeps votes less well is told of once it has taken over',
    edits: [
      {
        file: 'src/adapters/redis/durability.ts',
        from: 'lookAtEach(cluster.replicas(), true)',
        to: 'lookAtEach([], true)',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/redis-cluster-outage.test.ts',
        title:
          'a replica that would keep votes less well is told before it takes over, and is no reason to start nothing',
      },
    ],
  },
  {
    breaks: 'a replica that does not let our user in is told of once it has taken over',
    edits: [{ file: 'src/adapters/redis/durability.ts', from: 'if (isReplica && answer !== null)', to: 'if (false)' }],
    caughtBy: [
      {
        file: 'test/adapters/redis-cluster-outage.test.ts',
        title: 'a replica that does not let our user in is told, and what was told of it stands until it answers again',
      },
    ],
  },
  {
    breaks: 'an api process that hangs outlives the one that started it',
    edits: [
      { file: 'src/runtime/stop-child.ts', from: '  if (!isGone() && atExit !== undefined)', to: '  if (false)' },
    ],
    caughtBy: [{ file: 'test/journeys/embedded.test.ts', title: 'nothing outlives it that it could not stop in time' }],
  },
  {
    breaks: 'votes that were set aside are counted in the log and not named',
    edits: [{ file: 'src/main/worker.ts', from: 'named.map((vote) => voteIds.seal(vote))', to: '[]' }],
    caughtBy: [
      {
        file: 'test/journeys/faults-poison.test.ts',
        title:
          'votes that the ledger refuses are found among those of their batch and set aside alone, each named in the log, and count when they are replayed',
      },
    ],
  },
  {
    breaks: 'a poll whose slot is moving holds up the votes of all others',
    edits: [
      {
        file: 'src/application/cast-vote/patient-append.ts',
        from: 'if (placesByPoll.size === 1) return outcomes',
        to: 'if (placesByPoll.size > 0) return outcomes',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/batch-calls.test.ts',
        title: 'rest while those of other polls are judged, and have their answer once it is there',
      },
    ],
  },
  {
    breaks: 'a vote is called accepted before the disk has it, on PostgreSQL',
    edits: [
      {
        file: 'migrations/0005-unrecorded-votes.sql',
        from: "if current_setting('synchronous_commit') = 'off' then",
        to: 'if false then',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/postgres-stream.test.ts',
        title: 'an append waits for it also where the server does not by default',
      },
    ],
  },
  {
    breaks: 'a vote that got no answer is called accepted',
    edits: [
      {
        file: 'src/application/cast-vote/batch-calls.ts',
        from: 'answers?.[index] ?? unavailable',
        to: "answers?.[index] ?? { answer: 'accepted', position: '0'.repeat(32) as never, isRepeated: false }",
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/batch-calls.test.ts',
        title: 'that get no answer are refused when their time is up, and so are those that waited behind them',
      },
    ],
  },
  {
    breaks: 'a commit passes unfenced in the ledger',
    edits: [
      {
        file: 'src/adapters/postgres/vote-ledger.ts',
        from: 'where partition = $1 and owner = $2 and epoch = $3 and recorded = $4',
        to: 'where partition = $1 and $2::text <> $4::text and $3::integer > 0',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/vote-ledger-races.test.ts',
        title: 'a zombie whose partition was taken over writes nothing, whatever it sends',
      },
      {
        file: 'test/adapters/record-votes.test.ts',
        title: 'a worker whose lease ran out is replaced, and what it commits late is fenced',
      },
    ],
  },
  {
    breaks: 'an owner goes on as if its partition had never been taken, since it knows the checkpoint',
    edits: [
      {
        file: 'src/application/record-votes.ts',
        from: 'await ports.lease.renew(partition, owner, limits.leaseMs)',
        to: 'await ports.lease.acquire(partition, owner, limits.leaseMs)',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/record-votes.test.ts',
        title: 'a worker whose partition was taken meanwhile begins anew, though it finds the checkpoint that it knows',
      },
    ],
  },
  {
    breaks: 'the checkpoint moves without the votes',
    edits: [
      {
        file: 'src/adapters/postgres/vote-ledger.ts',
        from: '  const votes = await recordVotes(client, prepared, batch.from.partition, batch.votes, recordedAt)\n',
        to: "  await client.query('commit')\n  await client.query(BEGIN_PLANNED)\n  const votes = await recordVotes(client, prepared, batch.from.partition, batch.votes, recordedAt)\n",
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/vote-ledger.test.ts',
        title: 'a batch that fails leaves nothing, throws the cause, and can be recorded once it is mended',
      },
      {
        file: 'test/adapters/vote-ledger-races.test.ts',
        title: 'a connection that breaks within a batch leaves nothing, and the same batch can be recorded afterwards',
      },
    ],
  },
  {
    breaks: 'an older vote replaces a later one in the ledger',
    edits: [
      {
        file: 'src/adapters/postgres/sql/record-votes.sql',
        from: "when i.position <= ledger.position then 'ignore'",
        to: "when i.position >= ledger.position then 'ignore'",
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/vote-ledger.test.ts',
        title: 'a vote that is delivered again, or an older one, counts once',
      },
    ],
  },
  {
    breaks: 'a lost log goes unnoticed',
    edits: [
      {
        file: 'src/domain/partition-owner.ts',
        from: 'if (!isStart && (!hasEntry || compareEntryIds(end, state.readUpTo) < 0)) return loseLog(state)',
        to: '',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/partition-owner.test.ts',
        title: 'when the stream loses its log, what was recorded stays and nobody counts twice (1 partition, 1 worker)',
      },
      {
        file: 'test/domain/partition-owner.test.ts',
        title:
          'a log that no longer has what was read last is lost: the epoch is raised, and what was read with it is not recorded',
      },
    ],
  },
  {
    breaks: 'accepted votes that the log lost before they were recorded are told to nobody',
    edits: [
      {
        file: 'src/application/cast-vote/watch-log.ts',
        from: 'if (lost > 0) hooks.onLost(partition, lost)',
        to: '',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/watch-log.test.ts',
        title: 'accepted votes that the log lost before they were recorded are told, once, and no others',
      },
    ],
  },
  {
    breaks: 'an answer to a question of an earlier term is taken',
    edits: [
      {
        file: 'src/domain/partition-owner.ts',
        from: 'if (event.term !== state.term) return [state, []]',
        to: '',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/partition-owner.test.ts',
        title: 'an answer to a question of an earlier term changes nothing',
      },
    ],
  },
  {
    breaks: 'entries above the checkpoint are trimmed from Redis',
    edits: [
      {
        file: 'src/adapters/redis/vote-stream.ts',
        from: 'compareEntryIds(oldest, recorded) < 0 ? oldest : recorded',
        to: 'oldest',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/vote-stream.test.ts',
        title: 'trim removes entries that lie below the recorded one and are older, and no others',
      },
    ],
  },
  {
    breaks: 'entries above the checkpoint are trimmed from PostgreSQL',
    edits: [
      {
        file: 'src/adapters/postgres/vote-stream.ts',
        from: 'number < $2 and appended_at',
        to: 'number <> $2 and appended_at',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/vote-stream.test.ts',
        title: 'trim removes entries that lie below the recorded one and are older, and no others',
      },
    ],
  },
  {
    breaks: 'votes are set aside because the ledger is away',
    edits: [
      {
        file: 'src/application/record-votes/isolate-entry.ts',
        from: 'if (!isUnrecordable(fault) || first === undefined) throw fault',
        to: 'if (first === undefined) throw fault',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/isolate-entry.test.ts',
        title: 'a ledger that cannot serve now sets nothing aside, and what was recorded until then stays',
      },
    ],
  },
  {
    breaks: 'a vote that the ledger refuses is set aside without a trace',
    edits: [
      {
        file: 'src/adapters/postgres/sql/record-votes.sql',
        from: "where j.verdict not in ('write', 'ignore')\n  order by",
        to: 'where false\n  order by',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/vote-ledger.test.ts',
        title: 'another first vote is set aside with its reason and place, and the first one counts',
      },
    ],
  },
  {
    breaks: 'a second first vote of one batch is dropped without a trace',
    edits: [{ file: 'src/domain/fold-votes.ts', from: 'setAside.push(vote)', to: '' }],
    caughtBy: [
      {
        file: 'test/domain/ledger-batch.test.ts',
        title: 'a second first vote of one batch is set aside with its place, and the first one counts',
      },
    ],
  },
  {
    breaks: "a vote counts in a partition that is not its voter's",
    edits: [
      {
        file: 'src/adapters/postgres/sql/record-votes.sql',
        from: "% p.partitions <> $7::smallint then 'partition_wrong'",
        to: "% p.partitions < 0 then 'partition_wrong'",
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/vote-ledger.test.ts',
        title: "a vote in a partition that is not its voter's is set aside with its reason; its neighbours count",
      },
    ],
  },
  {
    breaks: 'a PostgreSQL that is read-only or full is taken for a mistake of ours',
    edits: [
      {
        file: 'src/adapters/postgres/faults.ts',
        from: '25006|40001|40P01|53...|55P03',
        to: '40001|40P01|55P03',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/passing-refusals.test.ts',
        title: 'a PostgreSQL that is read-only cannot serve now, and nothing that waits is to blame',
      },
      {
        file: 'test/domain/passing-refusals.test.ts',
        title: 'a PostgreSQL that has a full disk cannot serve now, and nothing that waits is to blame',
      },
    ],
  },
  {
    breaks: 'votes are set aside because the disk of PostgreSQL is full',
    edits: [
      {
        file: 'src/adapters/postgres/faults.ts',
        from: '21|22|23|54',
        to: '21|22|23|53|54',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/passing-refusals.test.ts',
        title: 'a PostgreSQL that has a full disk cannot serve now, and nothing that waits is to blame',
      },
    ],
  },

  // G2: one voter, one vote per round.
  {
    breaks: 'the door on Redis forgets who voted',
    edits: [
      {
        file: 'src/adapters/redis/lua/door-append.lua',
        from: 'if value and not w then w = meet(poll, voter, value) end',
        to: '',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/vote-door-voters.test.ts',
        title: 'the same selection again is answered with the first position and isRepeated, appending nothing',
      },
      {
        file: 'test/adapters/vote-door-voters.test.ts',
        title: 'another selection is already_voted, and only a change replaces it',
      },
    ],
  },
  {
    breaks: 'the door on PostgreSQL forgets who voted',
    edits: [
      {
        file: 'migrations/0005-unrecorded-votes.sql',
        from: 'left join door_voter v on v.door_id = d.door_id and v.voter = c.voter',
        to: 'left join door_voter v on v.door_id = d.door_id and v.voter = c.voter and false',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/vote-door-voters.test.ts',
        title: 'the same selection again is answered with the first position and isRepeated, appending nothing',
      },
      {
        file: 'test/adapters/vote-door-voters.test.ts',
        title: 'another selection is already_voted, and only a change replaces it',
      },
    ],
  },
  {
    breaks: 'the door on Redis forgets request keys',
    edits: [
      {
        file: 'src/adapters/redis/lua/door-append.lua',
        from: 'if sub(older, at, at + 7) == key then return',
        to: 'if false then return',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/vote-door-voters.test.ts',
        title: 'a known request key is answered with the first position and isRepeated, whatever came after it',
      },
    ],
  },
  {
    breaks: 'the door on PostgreSQL forgets request keys',
    edits: [
      { file: 'migrations/0005-unrecorded-votes.sql', from: 'if request_at is not null then', to: 'if false then' },
    ],
    caughtBy: [
      {
        file: 'test/adapters/vote-door-voters.test.ts',
        title: 'a known request key is answered with the first position and isRepeated, whatever came after it',
      },
    ],
  },
  {
    breaks: 'a missing door is treated as new, on Redis',
    edits: [
      {
        file: 'src/adapters/redis/lua/door-append.lua',
        from: 'door = readDoor(KEYS[3 + 2 * number], epoch, KEYS[4 + 2 * number]), votersKey',
        to: "door = readDoor(KEYS[3 + 2 * number], epoch, KEYS[4 + 2 * number]) or { key = KEYS[3 + 2 * number], state = 'open', round = 1, revision = 0 }, votersKey",
      },
    ],
    caughtBy: [{ file: 'test/adapters/vote-door.test.ts', title: 'a poll without a door is door_missing' }],
  },
  {
    breaks: 'a missing door is treated as new, on PostgreSQL',
    edits: [
      {
        file: 'migrations/0005-unrecorded-votes.sql',
        from: 'if gate.state is null or gate.round < call.round then',
        to: `if gate.state is null and head.epoch > 0 then
      insert into door (partition, poll_id, round, state, revision, epoch, door_id)
      values (in_partition, call.poll_id, call.round, 'open', call.revision, head.epoch, nextval('door_number'))
      on conflict (partition, poll_id) do update set round = excluded.round, epoch = excluded.epoch, door_id = excluded.door_id
      returning * into gate;
    end if;
    if gate.state is null or gate.round < call.round then`,
      },
    ],
    caughtBy: [{ file: 'test/adapters/vote-door.test.ts', title: 'a poll without a door is door_missing' }],
  },
  {
    breaks: 'a missing door comes back without its voters',
    edits: [
      {
        file: 'src/application/cast-vote/restore-door.ts',
        from: '!(await restorations.putVoters(restoration, before.round, voters))',
        to: '!(await restorations.putVoters(restoration, before.round, voters.slice(1)))',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/restore-door.test.ts',
        title: 'comes back with all its voters, also those whose votes were not recorded yet',
      },
    ],
  },
  {
    breaks: 'a missing door comes back before the ledger has every vote',
    edits: [
      {
        file: 'src/application/cast-vote/restore-door.ts',
        from: 'if (checkpoint.epoch >= epoch && compareEntryIds(checkpoint.recorded, end) >= 0) return checkpoint',
        to: 'if (compareEntryIds(end, end) === 0 && epoch >= 0) return checkpoint',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/restore-door.test.ts',
        title: 'comes back no sooner than the ledger has every vote that was accepted',
      },
    ],
  },
  {
    breaks: 'a door comes back with the ledger of an earlier epoch, on Redis',
    edits: [
      {
        file: 'src/adapters/redis/lua/restoration-finish.lua',
        from: 'if epoch and tonumber(epoch) > tonumber(ARGV[5]) then return 0 end',
        to: '',
      },
    ],
    caughtBy: [
      { file: 'test/adapters/door-restoration.test.ts', title: 'an epoch below that of the stream MUST be refused' },
    ],
  },
  {
    breaks: 'a door comes back with the ledger of an earlier epoch, on PostgreSQL',
    edits: [
      {
        file: 'migrations/0002-stream.sql',
        from: 'if not found or head.epoch > in_epoch then',
        to: 'if not found then',
      },
    ],
    caughtBy: [
      { file: 'test/adapters/door-restoration.test.ts', title: 'an epoch below that of the stream MUST be refused' },
    ],
  },
  {
    breaks: 'a vote of an earlier round gets in, on Redis',
    edits: [
      {
        file: 'src/adapters/redis/lua/door-append.lua',
        from: 'elseif door.round > round or revision < door.revision then',
        to: 'elseif revision < door.revision then',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/vote-door.test.ts',
        title:
          'an earlier round than that of the door is definition_stale; to a later one the door is missing, open or shut',
      },
    ],
  },
  {
    breaks: 'a vote of an earlier round gets in, on PostgreSQL',
    edits: [
      {
        file: 'migrations/0005-unrecorded-votes.sql',
        from: 'elsif gate.round > call.round or call.revision < gate.revision then',
        to: 'elsif call.revision < gate.revision then',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/vote-door.test.ts',
        title:
          'an earlier round than that of the door is definition_stale; to a later one the door is missing, open or shut',
      },
    ],
  },
  {
    breaks: 'after a lost log a new vote is folded into the replay of an old one',
    edits: [
      {
        file: 'src/application/record-votes/ledger-batch.ts',
        from: 'last.epoch !== entry.epoch || isBehindMarker(entry, closed)',
        to: 'isBehindMarker(entry, closed)',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/ledger-batch.test.ts',
        title: 'after a lost log a new vote is not folded into the replay of an old one',
      },
    ],
  },
  {
    breaks: 'a vote that has to be sent again from the page is sent as another one',
    edits: [
      {
        file: 'web/vote/send-vote.ts',
        from: 'client.vote(pollId, optionIds, { key, round, signal })',
        to: 'client.vote(pollId, optionIds, { round, signal })',
      },
    ],
    caughtBy: [
      { file: 'test/domain/vote-delivery.test.ts', title: 'shows its own key and names its round, whatever it does' },
    ],
  },
  {
    breaks: 'a vote that a page has kept over a reset is sent into the new round',
    edits: [
      {
        file: 'web/vote/ballot.ts',
        from: "const isVoid = progress?.step === 'kept' && progress.vote.round !== round",
        to: 'const isVoid = false',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/vote-ballot.test.ts',
        title: 'that was kept over a reset is not sent into the new round; one that is being sent waits for its answer',
      },
    ],
  },
  {
    breaks: 'a vote that a page changes does not say for which round it is',
    edits: [
      {
        file: 'web/vote/send-vote.ts',
        from: 'client.change(pollId, optionIds, { key, round, signal })',
        to: 'client.change(pollId, optionIds, { key, signal })',
      },
    ],
    caughtBy: [
      { file: 'test/domain/vote-delivery.test.ts', title: 'shows its own key and names its round, whatever it does' },
    ],
  },
  {
    breaks: 'a vote for a round that is over is taken into the next one',
    edits: [
      {
        file: 'src/application/cast-vote.ts',
        from: 'refuseByRound(poll, named) ?? refuseByDefinition(',
        to: 'refuseByDefinition(',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/cast-vote.test.ts',
        title: 'is not taken into the next one by an api that has not heard of the reset, as one is that names none',
      },
    ],
  },
  {
    breaks: 'two pages of a browser that ask for a session at the same moment have two',
    edits: [
      {
        file: 'src/application/cast-vote/identify-voter.ts',
        from: 'session?.id ?? newSessionId(shown.requestKey)',
        to: 'session?.id ?? newSessionId(null)',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/identify-voter.test.ts',
        title:
          'is the same for all who ask with the same key, at the same moment or later, and gives way to one that is shown',
      },
    ],
  },
  {
    breaks: 'a page shows a vote in a round that does not have it',
    edits: [
      {
        file: 'web/vote/ballot.ts',
        from: 'if (vote.round !== ballot.round) return { ...ballot, ownVote: null',
        to: 'if (vote.round < 0) return { ...ballot, ownVote: null',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/vote-ballot.test.ts',
        title: 'of another round is shown neither as the reader’s own nor as kept, whatever comes after what',
      },
    ],
  },
  {
    breaks: 'a page shows the vote of the round before, of which an api has told that has not heard of the reset',
    edits: [
      {
        file: 'web/vote/ballot.ts',
        from: '  if (vote !== null && vote.round !== ballot.round) return ballot\n',
        to: '',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/vote-ballot.test.ts',
        title: 'of another round is shown neither as the reader’s own nor as kept, whatever comes after what',
      },
    ],
  },
  {
    breaks: 'a page that has not heard of a round forgets the vote that is kept for it',
    edits: [
      {
        file: 'web/vote/kept-vote.ts',
        from: 'vote.round < round || now',
        to: 'vote.round !== round || now',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/vote-delivery.test.ts',
        title:
          'is gone on with by its own voter, sent unseen for others, and not sent into another round or after a day',
      },
    ],
  },
  {
    breaks: 'what is chosen changes under a vote that is on its way',
    edits: [
      {
        file: 'web/vote/ballot.ts',
        from: 'return isOnItsWay(ballot) ? ballot : choose(',
        to: 'return choose(',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/vote-ballot.test.ts',
        title: 'while a vote is on its way nothing changes, and no second one is sent',
      },
    ],
  },

  // G3: closed is closed.
  {
    breaks: 'the close marker is dropped at the door, on Redis',
    edits: [
      {
        file: 'src/adapters/redis/lua/door-shut.lua',
        from: 'appendMarker(KEYS[2], KEYS[3], format, epoch, nowMs(), ARGV[5], pollId, round)',
        to: '',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/vote-door.test.ts',
        title: 'shut appends the close marker once when the door was open, and again when it is a repeat',
      },
    ],
  },
  {
    breaks: 'the close marker is dropped at the door, on PostgreSQL',
    edits: [
      {
        file: 'migrations/0002-stream.sql',
        from: 'perform append_close_marker(head, in_poll_id, in_round);',
        to: '',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/vote-door.test.ts',
        title: 'shut appends the close marker once when the door was open, and again when it is a repeat',
      },
    ],
  },
  {
    breaks: 'the close marker is dropped on its way to the ledger',
    edits: [
      {
        file: 'src/adapters/postgres/vote-ledger.ts',
        from: 'const closed = await recordMarkers(client, batch, recordedAt)',
        to: 'const closed: readonly string[] = []',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/tallies.test.ts',
        title: 'a closing poll is closed when the markers of its round from all partitions are recorded',
      },
    ],
  },
  {
    breaks: 'the result is final before all markers are recorded',
    edits: [
      {
        file: 'src/adapters/postgres/tallies.ts',
        from: 'marked.partitions = marked.markers',
        to: 'marked.markers > 0',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/tallies.test.ts',
        title: 'a closing poll is closed when the markers of its round from all partitions are recorded',
      },
    ],
  },
  {
    breaks: 'a vote behind the recorded close marker counts',
    edits: [
      {
        file: 'src/adapters/postgres/sql/record-votes.sql',
        from: "when closed.poll_id is not null then 'poll_closed'",
        to: '',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/vote-ledger-closed.test.ts',
        title: 'a vote that comes after the recorded close marker is set aside, and the final result stays',
      },
    ],
  },
  {
    breaks: 'a vote that is read together with the marker before it counts',
    edits: [
      {
        file: 'src/application/record-votes/ledger-batch.ts',
        from: 'last.epoch !== entry.epoch || isBehindMarker(entry, closed)',
        to: 'last.epoch !== entry.epoch',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/ledger-batch.test.ts',
        title:
          'a vote behind the marker of its round begins a commit; votes of other polls, and of the next round, do not',
      },
    ],
  },
  {
    breaks: 'a shut door opens again in its round, on Redis',
    edits: [
      {
        file: 'src/adapters/redis/lua/door-open.lua',
        from: 'tonumber(round) >= tonumber(ARGV[1])',
        to: 'tonumber(round) > tonumber(ARGV[1])',
      },
    ],
    caughtBy: [
      { file: 'test/adapters/vote-door.test.ts', title: 'open MUST leave a door of this or a later round untouched' },
    ],
  },
  {
    breaks: 'a shut door opens again in its round, on PostgreSQL',
    edits: [
      {
        file: 'migrations/0002-stream.sql',
        from: 'if found and gate.round >= in_round then',
        to: 'if found and gate.round > in_round then',
      },
    ],
    caughtBy: [
      { file: 'test/adapters/vote-door.test.ts', title: 'open MUST leave a door of this or a later round untouched' },
    ],
  },

  // G4: every published tally equals the ledger.
  {
    breaks: 'the tally is read inside the writing transaction',
    edits: [
      {
        file: 'src/adapters/postgres/vote-ledger.ts',
        from: "  await client.query('commit')\n",
        to: `  for (const tally of await readTallies(client as never, votes.pollIds)) inside.set(tally.pollId, tally)
  await client.query('commit')\n`,
      },
      {
        file: 'src/adapters/postgres/vote-ledger.ts',
        from: "import { orUnavailable, orUnrecordable } from './faults.ts'\n",
        to: "import { orUnavailable, orUnrecordable } from './faults.ts'\nimport { inside, readTallies } from './tallies.ts'\n",
      },
      {
        file: 'src/adapters/postgres/tallies.ts',
        from: "read: (pollIds) => orUnavailable('ledger', () => readTallies(pool, pollIds)),",
        to: 'read: async (pollIds) => pollIds.flatMap((id) => inside.get(id) ?? []),',
      },
      {
        file: 'src/adapters/postgres/tallies.ts',
        from: 'export async function readTallies(',
        to: 'export const inside = new Map<string, Tally>()\n\nexport async function readTallies(',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/record-votes.test.ts',
        title: 'of partitions that commit at the same time the last news has the votes of all',
      },
    ],
  },
  {
    breaks: 'news go out before the commit',
    edits: [
      {
        file: 'src/application/record-votes/perform-owner-action.ts',
        from: '      const recorded = await ledger.record(batch)\n',
        to: `      const early = [...new Set(batch.votes.map((vote) => vote.pollId))]
      announcer.note(partition, { recordedAt: 0, pollIds: early, closingIds: [], acceptedAt })
      const recorded = await ledger.record(batch)\n`,
      },
      {
        file: 'src/application/record-votes/perform-owner-action.ts',
        from: '      if (pollIds.length > 0) announcer.note(partition, { recordedAt, pollIds, closingIds, acceptedAt })\n',
        to: '      if (closingIds.length > 0) announcer.note(partition, { recordedAt, pollIds, closingIds, acceptedAt })\n',
      },
    ],
    caughtBy: [
      { file: 'test/adapters/record-votes.test.ts', title: 'what is not committed yet is news only after its commit' },
    ],
  },
  {
    breaks: 'a vote behind the recorded close marker counts as a first vote',
    edits: [
      {
        file: 'src/adapters/postgres/sql/record-first-votes.sql',
        from: 't.partition = $8::smallint and t.closed_position is not null',
        to: 'false',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/vote-ledger-closed.test.ts',
        title: 'a vote that comes after the recorded close marker is set aside, and the final result stays',
      },
    ],
  },
  {
    breaks: 'what is not plainly a first vote is never judged',
    edits: [
      {
        file: 'src/adapters/postgres/vote-ledger-first-votes.ts',
        from: 'return { pollIds, written, left }',
        to: 'return { pollIds, written, left: [] }',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/vote-ledger.test.ts',
        title: 'a change moves the vote, a retract takes it out and keeps the row, a cast after it counts again',
      },
    ],
  },
  {
    breaks: 'a changed vote is not taken off its old option',
    edits: [
      {
        file: 'src/adapters/postgres/sql/record-votes.sql',
        from: "select j.poll_id, j.round, unnest(j.earlier), -1 from judged as j where j.verdict = 'write'",
        to: "select j.poll_id, j.round, unnest(j.earlier), 0 from judged as j where j.verdict = 'write'",
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/vote-ledger.test.ts',
        title: 'a change moves the vote, a retract takes it out and keeps the row, a cast after it counts again',
      },
    ],
  },
  {
    breaks: 'a recount finds no difference, whatever there is',
    edits: [
      {
        file: 'src/adapters/postgres/tallies-recount.ts',
        from: 'filter (where summed.tally <> summed.ledger)',
        to: 'filter (where false)',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/tallies.test.ts',
        title: 'differences name the option with both counts; the number of votes has no option',
      },
    ],
  },

  // G5: viewers see the newest, and never go back.
  {
    breaks: 'an older version gets into the cache on Redis',
    edits: [
      {
        file: 'src/adapters/redis/lua/cache-put.lua',
        from: 'if not version or tonumber(version) < tonumber(ARGV[1]) then',
        to: 'if true then',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/tally-cache.test.ts',
        title: 'a tally is not kept where one with the same or a higher version is kept',
      },
    ],
  },
  {
    breaks: 'an older version gets into the cache on PostgreSQL',
    edits: [
      {
        file: 'src/adapters/postgres/tally-cache.ts',
        from: 'where kept.version < excluded.version or kept.expires_at <= clock_timestamp()',
        to: 'where true',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/tally-cache.test.ts',
        title: 'a tally is not kept where one with the same or a higher version is kept',
      },
    ],
  },
  {
    breaks: 'viewers are shown older news',
    edits: [
      {
        file: 'src/application/watch-poll/follow-poll.ts',
        from: 'if (this.#isClosed || (this.#live !== null && next.tally.version <= this.#live.tally.version)) return',
        to: 'if (this.#isClosed) return',
      },
      {
        file: 'src/application/watch-poll/follow-poll.ts',
        from: '} else if (tally.version > live.tally.version) {',
        to: '} else {',
      },
    ],
    caughtBy: [{ file: 'test/adapters/watch-poll.test.ts', title: 'older news is never shown' }],
  },
  {
    breaks: 'lost news stay lost',
    edits: [
      {
        file: 'src/application/watch-poll/compare-polls.ts',
        from: 'await poll.catchUp(newest)',
        to: '',
      },
    ],
    caughtBy: [{ file: 'test/adapters/watch-poll.test.ts', title: 'a lost message is mended within two seconds' }],
  },
  {
    breaks: 'what a dead worker recorded is never announced',
    edits: [
      {
        file: 'src/application/announce-tallies.ts',
        from: 'waiting.sweep = sweepAnew(waiting.sweep)\n      wake()',
        to: 'wake()',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/record-votes.test.ts',
        title: 'what a worker recorded and did not announce is announced by whoever takes over',
      },
    ],
  },
  {
    breaks: 'of what a dead worker recorded in very many polls only a part is announced',
    edits: [
      {
        file: 'src/application/announce-tallies/sweep.ts',
        from: 'return { pollIds, rest: isLast ? next : { ...sweep, after: last } }',
        to: 'return { pollIds, rest: isLast ? next : null }',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/record-votes.test.ts',
        title: 'what a worker left unannounced in more polls than one step takes is announced step by step',
      },
    ],
  },

  // G6: hidden results leak nowhere.
  {
    breaks: 'the page to vote brings a hidden result along, for its script',
    edits: [
      {
        file: 'src/adapters/http/page/poll-page.ts',
        from: 'tally: tallyMessage(live, audience),',
        to: "tally: tallyMessage(live, 'organiser'),",
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/vote-page.test.ts',
        title: 'has hidden counts nowhere, nor among what its script goes on from',
      },
    ],
  },
  {
    breaks: 'a hidden tally is shown whoever reads',
    edits: [
      {
        file: 'src/adapters/http/send-seen.ts',
        from: 'renderPoll(live, form, maySeeResults(live.poll, audience))',
        to: 'renderPoll(live, form, true)',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/http-polls.test.ts',
        title: 'with after_close are null to the public, and nothing tells that somebody voted',
      },
    ],
  },
  {
    breaks: 'a hidden tally leaks over HTTP',
    edits: [
      {
        file: 'src/adapters/http/poll-body.ts',
        from: "const body = form === 'poll' ? pollBody(live, isVisible) : resultsBody(live, isVisible)",
        to: "const body = form === 'poll' ? pollBody(live, isVisible) : resultsBody(live, true)",
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/http-polls.test.ts',
        title: 'with after_close are null to the public, and nothing tells that somebody voted',
      },
    ],
  },
  {
    breaks: 'the ETag of a hidden tally tells that somebody voted',
    edits: [
      {
        file: 'src/adapters/http/poll-body.ts',
        from: "isVisible ? tally.version : '', poll.status",
        to: 'tally.version, poll.status',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/hidden-twins.test.ts',
        title: 'with never cannot be told apart by anybody but their organisers, at any moment',
      },
      {
        file: 'test/adapters/http-polls.test.ts',
        title: 'with after_close are null to the public, and nothing tells that somebody voted',
      },
    ],
  },
  {
    breaks: 'the big screen shows everybody what its browser alone may see',
    edits: [{ file: 'web/poll/status.ts', from: '  return visibility\n', to: '  return null\n' }],
    caughtBy: [
      {
        file: 'test/domain/poll-status.test.ts',
        title: 'a result is hidden exactly where the service hides it from the public',
      },
    ],
  },
  {
    breaks: 'the big screen orders options by votes that are hidden',
    edits: [
      {
        file: 'web/present/arrange.ts',
        from: 'const isRanked = counted !== null && options.length > unrankedMax',
        to: 'const isRanked = options.length > unrankedMax',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/present-arrange.test.ts',
        title: 'what nobody shall see leaves no trace: neither number, length, leader nor order',
      },
    ],
  },
  {
    breaks: 'what explains is too faint to be read',
    edits: [{ file: 'web/tokens.css', from: '--soft: #575164;', to: '--soft: #8a8495;' }],
    caughtBy: [{ file: 'test/domain/tokens.test.ts', title: 'soft is told from ground by 4.5 to 1' }],
  },
  {
    breaks: 'a page names a leader of a result that is hidden',
    edits: [
      {
        file: 'web/poll/count-options.ts',
        from: 'if (counted === null || total === null) return options.map(hide)',
        to: 'if (counted === null) return options.map(hide)',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/poll-counts.test.ts',
        title: 'whose result is hidden have neither count nor share, and no one leads or wins',
      },
    ],
  },
  {
    breaks: 'single votes of a secret poll are shown to its organiser',
    edits: [
      {
        file: 'src/domain/tally.ts',
        from: "    case 'secret':\n      return false\n    case 'organizer':",
        to: "    case 'secret':\n    case 'organizer':",
      },
    ],
    caughtBy: [exportFor('always', 'secret')],
  },
  {
    breaks: 'single votes are shown where results are hidden',
    edits: [{ file: 'src/domain/tally.ts', from: 'if (!maySeeResults(poll, audience)) return false', to: '' }],
    caughtBy: [exportFor('after_close', 'public')],
  },
  {
    breaks: 'a hidden tally leaks into an export',
    edits: [
      {
        file: 'src/application/export-poll.ts',
        from: 'isVisible: maySeeResults(live.poll, audience)',
        to: 'isVisible: maySeeResults(live.poll, audience) || true',
      },
    ],
    caughtBy: [exportFor('after_close', 'secret')],
  },
  {
    breaks: 'an export names voters by their keys',
    edits: [
      {
        file: 'src/application/export-poll.ts',
        from: "hashVoter(beforeVoter, voter).toString('hex', 0, nameBytes)",
        to: 'voter.slice(0, 2 * nameBytes)',
      },
    ],
    caughtBy: [exportNames],
  },
  {
    breaks: 'a voter has the same name in the export of every round',
    edits: [
      {
        file: 'src/application/export-poll.ts',
        from: '`${poll.id} ${poll.round} `',
        to: '`${poll.id} `',
      },
    ],
    caughtBy: [exportNames],
  },
  {
    breaks: 'who reads a long export slowly keeps others from totals',
    edits: [
      {
        file: 'src/application/export-poll.ts',
        from: 'if (!maySendVotes(seen, wanted)) return work(totalsOf(seen))',
        to: '',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/http-export-bounds.test.ts',
        title: 'are so many with votes at once, and a further one is told when to come back, until one has ended',
      },
    ],
  },
  {
    breaks: 'who takes next to nothing of an export keeps its place',
    edits: [
      {
        file: 'src/adapters/http/send-pieces.ts',
        from: 'setTimeout(() => raw.destroy(), pieceMsMax)',
        to: 'setTimeout(() => {}, pieceMsMax)',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/http-export-bounds.test.ts',
        title: 'are lost to who takes too long for a piece of them, long before all of their time is over',
      },
    ],
  },
  {
    breaks: 'what a newer version has noted keeps the audit log from being read',
    edits: [{ file: 'src/adapters/grpc/audit-calls.ts', from: '?? event.actionWord', to: "?? ''" }],
    caughtBy: [
      {
        file: 'test/adapters/http-audit.test.ts',
        title: 'what a newer version has noted is shown in the words that it was noted with',
      },
    ],
  },
  {
    breaks: 'a formula goes into a spreadsheet as it is',
    edits: [{ file: 'src/adapters/http/csv.ts', from: "beginsFormula.test(cell) ? `'${cell}` : cell", to: 'cell' }],
    caughtBy: [
      {
        file: 'test/domain/csv.test.ts',
        title: 'has no cell that a spreadsheet would take for a formula, whatever is written',
      },
      {
        file: 'test/adapters/http-export.test.ts',
        title: 'keeps formulas, quotes and line breaks of texts from doing anything in a spreadsheet',
      },
    ],
  },
  {
    breaks: 'an export is of no one moment',
    edits: [
      {
        file: 'src/adapters/postgres/poll-snapshots.ts',
        from: 'isolation level repeatable read, read only',
        to: 'isolation level read committed, read only',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/poll-snapshots.test.ts',
        title: 'is of one moment, whatever is recorded while it is read',
      },
    ],
  },
  {
    breaks: 'the order of an export joins the voters of two rounds',
    edits: [
      {
        file: 'src/adapters/postgres/poll-snapshots.ts',
        from: 'order by sha256($3::bytea || vote.voter)',
        to: 'order by vote.voter, $3::bytea',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/poll-snapshots.test.ts',
        title:
          'has its votes in an order of its own: not that of their coming, and not that of another round with the same voters',
      },
    ],
  },
  {
    breaks: 'an export is read on for a client that does not read',
    edits: [
      {
        file: 'src/adapters/http/send-pieces.ts',
        from: 'if (!raw.write(piece)) await haveRoom(raw, pieceMsMax)',
        to: 'if (!raw.write(piece)) void haveRoom(raw, pieceMsMax)',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/http-export-bounds.test.ts',
        title: 'read no further for a client that does not read, and on when it does',
      },
    ],
  },
  {
    breaks: 'half an export looks like a whole one',
    edits: [
      {
        file: 'src/adapters/http/send-pieces.ts',
        from: 'if (raw.headersSent) raw.destroy()',
        to: 'if (raw.headersSent) raw.end()',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/http-export-bounds.test.ts',
        title: 'that fail in the middle are cut off, so that nobody takes a half for the whole',
      },
    ],
  },
  {
    breaks: 'any number of exports is under way at once',
    edits: [{ file: 'src/application/read-snapshot.ts', from: 'if (places === 0) return tooMany', to: '' }],
    caughtBy: [
      {
        file: 'test/adapters/http-export-bounds.test.ts',
        title: 'are so many with votes at once, and a further one is told when to come back, until one has ended',
      },
    ],
  },
  {
    breaks: 'a log tells what was chosen',
    edits: [
      {
        file: 'src/main/take-votes.ts',
        from: 'const result = await castVote(request)',
        to: "const result = await castVote(request)\n      log.debug({ chosen: request.optionIds }, 'a vote')",
      },
    ],
    caughtBy: [
      {
        file: 'test/journeys/hidden-twins.test.ts',
        title: 'what processes log and measure is the same whatever is chosen where results are hidden',
      },
    ],
  },
  {
    breaks: 'a metric tells what was chosen',
    edits: [
      {
        file: 'src/main/take-votes.ts',
        from: 'metrics.accepted(1)',
        to: 'metrics.accepted(request.optionIds[0] ?? 1)',
      },
    ],
    caughtBy: [
      {
        file: 'test/journeys/hidden-twins.test.ts',
        title: 'what processes log and measure is the same whatever is chosen where results are hidden',
      },
    ],
  },
  {
    breaks: 'a hidden tally leaks over the live channels',
    edits: [
      {
        file: 'src/application/watch-poll/tally-message.ts',
        from: 'total_votes: isVisible ? tally.totalVotes : null',
        to: 'total_votes: tally.totalVotes',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/tally-message.test.ts',
        title: 'hidden counts, total, version and time are null, never 0, and nothing else tells of votes',
      },
      {
        file: 'test/adapters/ws.test.ts',
        title: 'hidden results stay silent while votes arrive, and appear when the poll closes',
      },
      {
        file: 'test/adapters/events.test.ts',
        title: 'hidden results stay silent while votes arrive, and their id is the revision',
      },
    ],
  },
  {
    breaks: 'a live message tells that somebody voted where results are hidden',
    edits: [
      {
        file: 'src/application/watch-poll/tally-message.ts',
        from: 'return maySeeResults(poll, audience) ? `${tally.version}` : `r${tally.revision}`',
        to: 'return `${tally.version}`',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/ws.test.ts',
        title: 'hidden results stay silent while votes arrive, and appear when the poll closes',
      },
    ],
  },
  {
    breaks: 'a hidden tally leaks over gRPC',
    edits: [
      {
        file: 'src/application/manage-polls/view-poll.ts',
        from: "if (!maySeeResults(newest, isOrganiser ? 'organiser' : 'public')) break",
        to: '',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/grpc.test.ts',
        title: 'keeps hidden counts, total and version away from all but the organiser',
      },
    ],
  },
  {
    breaks: 'whoever has made a poll sees by its progress that people vote in another, hidden one',
    edits: [
      {
        file: 'src/application/manage-polls/show-progress.ts',
        from: 'vote.pollId === id && vote.round === round',
        to: 'vote.round === round',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/http-progress.test.ts',
        title: 'those of this poll wait until they are recorded, and nothing is told of those of another',
      },
    ],
  },
  {
    breaks: 'whoever asks how far many polls are recorded has the stream read for each',
    edits: [
      {
        file: 'src/application/manage-polls/show-progress.ts',
        from: 'await lookShared(String(partitions))',
        to: 'await lookBehind({ lease, stream }, partitions)',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/show-progress.test.ts',
        title: 'however many ask for however many polls, one call at a time goes to the stores',
      },
    ],
  },
  {
    breaks: 'whoever has made a poll sees by the ids of its history how much is done to others',
    edits: [{ file: 'src/application/audit.ts', from: 'id: places.seal(pollId, event.id)', to: 'id: event.id' }],
    caughtBy: [
      {
        file: 'test/adapters/http-audit.test.ts',
        title: 'how much was done to other polls cannot be read from ids and cursors',
      },
    ],
  },

  // The whole service, simulated.
  {
    breaks: 'a batch with one vote that no ledger can hold is set aside whole',
    edits: [
      { file: 'src/application/record-votes/isolate-entry.ts', from: 'if (items.length === 1) return', to: 'return' },
    ],
    caughtBy: [
      {
        file: 'test/domain/simulated-service.test.ts',
        title:
          'whatever dies, waits, gets lost or comes again, each vote counts once, and closed is closed (1 partition, 2 workers)',
      },
      {
        file: 'test/domain/isolate-entry.test.ts',
        title: 'one bad entry among many costs two commits for each halving',
      },
    ],
  },
  {
    breaks: 'the close marker is dropped from the batch',
    edits: [{ file: 'src/application/record-votes/ledger-batch.ts', from: 'markers.push({', to: 'void ({' }],
    caughtBy: [
      {
        file: 'test/domain/simulated-service.test.ts',
        title:
          'whatever dies, waits, gets lost or comes again, each vote counts once, and closed is closed (1 partition, 2 workers)',
      },
      {
        file: 'test/domain/ledger-batch.test.ts',
        title: 'a close marker goes into the batch with the place of its entry',
      },
    ],
  },
  {
    breaks: 'a new owner announces nothing of what it took over',
    edits: [
      {
        file: 'src/application/record-votes/perform-owner-action.ts',
        from: 'announcer.takeOver(partition, recorded.recordedAt)',
        to: '',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/simulated-service.test.ts',
        title:
          'whatever dies, waits, gets lost or comes again, each vote counts once, and closed is closed (1 partition, 2 workers)',
      },
      {
        file: 'test/adapters/record-votes.test.ts',
        title: 'what a worker recorded and did not announce is announced by whoever takes over',
      },
    ],
  },
  {
    breaks: 'an idle worker commits for ever',
    edits: [
      {
        file: 'src/application/record-votes/perform-owner-action.ts',
        from: 'if (pollIds.length > 0) announcer',
        to: 'announcer',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/simulated-service.test.ts',
        title:
          'whatever dies, waits, gets lost or comes again, each vote counts once, and closed is closed (1 partition, 2 workers)',
      },
      {
        file: 'test/domain/simulated-service.test.ts',
        title: 'a vote that is recorded and told is the end of it: nobody commits any more',
      },
    ],
  },
  {
    breaks: 'a vote that is read again replaces a later one',
    edits: [{ file: 'src/domain/vote.ts', from: "if (vote.position <= row.position) return 'ignore'", to: '' }],
    caughtBy: [
      {
        file: 'test/adapters/vote-ledger-model.test.ts',
        title:
          'any sequence of batches gives what judging one vote after the other gives, and a recount finds no difference',
      },
      {
        file: 'test/domain/judge-vote.test.ts',
        title: 'a change that is read again, or an older one, is ignored',
      },
    ],
  },
  // G7: overload is answered at once.
  {
    breaks: 'nobody is ever told to ask less often',
    edits: [
      { file: 'src/domain/rate.ts', from: 'return wait <= interval * roundingShare ? 0 : wait', to: 'return wait * 0' },
    ],
    caughtBy: [
      { file: 'test/domain/rate.test.ts', title: 'the whole amount may pass at once, and not one more' },
      {
        file: 'test/adapters/http-rate-limits.test.ts',
        title: 'is limited in each poll for itself, and no other voter with it',
      },
    ],
  },
  {
    breaks: 'a vote reaches its batch however often its voter asks',
    edits: [
      {
        file: 'src/application/limit-rates/limit-voters.ts',
        from: 'return voters.take(found.voter) ?? (isNew',
        to: 'return (isNew',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/http-rate-limits.test.ts',
        title: 'is limited in each poll for itself, and no other voter with it',
      },
    ],
  },
  {
    breaks: 'whoever asks at several processes is limited at each anew',
    edits: [
      {
        file: 'src/application/limit-rates/settle-rates.ts',
        from: 'spent.freshAt = Math.max(spent.freshAt, at + (ahead[index] ?? 0) + sinceThen)',
        to: 'spent.freshAt = Math.max(spent.freshAt, at * 0 + (ahead[index] ?? 0) * 0 + sinceThen * 0)',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/limit-rates.test.ts',
        title: 'let pass, in any window, no more than one process may and a quarter of it for each of them',
      },
      {
        file: 'test/adapters/limit-rates.test.ts',
        title: 'let pass together what one may, and at most a quarter of it more for each of them',
      },
    ],
  },
  {
    breaks: 'what another process has charged is forgotten',
    edits: [
      {
        file: 'src/adapters/redis/lua/rate-limit.lua',
        from: 'math.min(before + tonumber(ARGV[2 * n - 1])',
        to: 'math.min(tonumber(ARGV[2 * n - 1])',
      },
    ],
    caughtBy: [
      { file: 'test/adapters/shared-rates.test.ts', title: 'each charge is added, and each key answered in its place' },
    ],
  },
  {
    breaks: 'a Redis that is away is asked again and again',
    edits: [
      {
        file: 'src/application/limit-rates/settle-rates.ts',
        from: '      if (now() < restsUntil) return\n',
        to: '',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/limit-rates.test.ts',
        title:
          'after a failure nothing is asked for a second, each process goes by what it has seen, and then all share again',
      },
    ],
  },
  {
    breaks: 'an address may have as many results signed as it likes',
    edits: [
      {
        file: 'src/application/sign-result.ts',
        from: 'takeReading(live.poll, shown) ?? (await',
        to: '(await',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/http-rate-limits.test.ts',
        title: 'may have so many results read to be signed, and not one more; those in memory are for everybody',
      },
    ],
  },
  {
    breaks: 'results in memory are counted for an address as if they had to be signed',
    edits: [
      {
        file: 'src/application/sign-result.ts',
        from: 'kept.has(nameOf(poll)) || address',
        to: 'address',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/http-rate-limits.test.ts',
        title: 'may have so many results read to be signed, and not one more; those in memory are for everybody',
      },
    ],
  },
  {
    breaks: 'voting codes may be guessed as often as somebody likes',
    edits: [
      {
        file: 'src/application/limit-rates/limit-voters.ts',
        from: "if (poll.voterIdentity === 'code') return address",
        to: "if (poll.voterIdentity === 'code') return null",
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/http-rate-limits.test.ts',
        title:
          'are told so up to the ceiling of their address; beyond it they have to wait, and good codes pass from there as ever',
      },
    ],
  },
  {
    breaks: 'made-up voting codes keep out good ones',
    edits: [
      {
        file: 'src/application/limit-rates/limit-voters.ts',
        from: "if (poll.voterIdentity === 'code') return address",
        to: "if (poll.voterIdentity === 'code') return invalidTokens.look(networkOf(address)) ?? address",
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/http-rate-limits.test.ts',
        title:
          'are told so up to the ceiling of their address; beyond it they have to wait, and good codes pass from there as ever',
      },
    ],
  },
  {
    breaks: 'made-up tokens keep out those whose tokens are known',
    edits: [
      {
        file: 'src/application/limit-rates/limit-voters.ts',
        from: '|| hostTokens === null || hostTokens.wasGood(voterToken)) return null',
        to: '|| hostTokens === null) return null',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/http-rate-limits.test.ts',
        title:
          'are looked at up to the ceiling of their address; beyond it those that are known go on, and so does every other address',
      },
    ],
  },
  {
    breaks: 'anybody can say that they come from another address',
    edits: [
      {
        file: 'src/adapters/browsers/client-address.ts',
        from: 'if (trusted === null || !isTrusted(trusted, nearest)) return nearest',
        to: 'if (trusted === null) return nearest',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/client-address.test.ts',
        title: 'where no proxy is trusted, or another one, nobody can say that they are somebody else',
      },
    ],
  },
  {
    breaks: 'a token goes on being good when its key was taken back',
    edits: [
      {
        file: 'src/adapters/jwt/host-tokens.ts',
        from: '    if (version !== keys.version()) {\n',
        to: '    if (version > keys.version()) {\n',
      },
    ],
    caughtBy: [
      { file: 'test/adapters/host-tokens.test.ts', title: 'is nothing any more when the host has other keys' },
    ],
  },
  {
    breaks: 'votes are accepted however many wait to be recorded',
    edits: [
      {
        file: 'src/adapters/redis/lua/door-append.lua',
        from: "    if letter == 'a' and accepted >= room then letter = 'o' end\n",
        to: '',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/unrecorded-votes.test.ts',
        title: 'as many as are configured are accepted, one by one or in one batch, and the next is overloaded',
      },
    ],
  },
  {
    breaks: 'what a replaced owner says late makes recorded votes count as unrecorded',
    edits: [
      {
        file: 'src/adapters/redis/lua/stream-follow.lua',
        from: 'if recorded and (recorded > told or told > count) then',
        to: 'if recorded then',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/unrecorded-votes.test.ts',
        title: 'a place before one that was told earlier changes nothing',
      },
    ],
  },
  {
    breaks: 'a vote is let into a line in which it waits for long',
    edits: [
      {
        file: 'src/application/cast-vote/batch-calls.ts',
        from: 'if (waiting >= limits.waitingCallsMax || isBehind(line)) return',
        to: 'if (waiting >= limits.waitingCallsMax) return',
      },
    ],
    caughtBy: [
      { file: 'test/domain/batch-calls.test.ts', title: 'are refused at once, and those before them are not' },
    ],
  },
  {
    breaks: 'viewers are let in without a limit',
    edits: [
      {
        file: 'src/application/watch-poll/admit-viewer.ts',
        from: '      if (viewers >= viewersMax) return full\n',
        to: '',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/ws.test.ts',
        title:
          'viewers of all channels share the places of a process; who is refused takes none, and who leaves gives one back',
      },
    ],
  },
  {
    breaks: 'a viewer that takes nothing is never given up',
    edits: [
      {
        file: 'src/application/watch-poll/send-newest.ts',
        from: '        line.outlet.giveUp()\n',
        to: '',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/send-newest.test.ts',
        title: 'a viewer that has no room for too long is given up, once',
      },
    ],
  },
  {
    breaks: 'what a slow viewer does not take is queued for it',
    edits: [
      {
        file: 'src/application/watch-poll/send-newest.ts',
        from: 'if (!outlet.isFull()) {',
        to: 'if (true) {',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/send-newest.test.ts',
        title: 'a viewer without room is skipped, and gets the newest alone once it has room, without any new change',
      },
    ],
  },
  {
    breaks: 'a viewer that answers no ping is kept',
    edits: [
      {
        file: 'src/adapters/ws/ping-wheel.ts',
        from: 'if (unanswered >= missedMax) {',
        to: 'if (unanswered >= missedMax * 1e6) {',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/ws.test.ts',
        title: 'a viewer that does not answer two pings is ended',
      },
    ],
  },
  {
    breaks: 'a Redis that cannot serve now is taken for a mistake of ours',
    edits: [
      {
        file: 'src/adapters/redis/faults.ts',
        from: 'LOADING|OOM|READONLY|MISCONF|',
        to: '',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/passing-refusals.test.ts',
        title: 'a Redis that replies "OOM command not allowed when used memory > \'maxmemory\'." cannot serve now',
      },
      {
        file: 'test/domain/passing-refusals.test.ts',
        title: 'a Redis that replies "LOADING Redis is loading the dataset in memory" cannot serve now',
      },
    ],
  },
  {
    breaks: 'what waits in a partition that cannot be asked stays as it was known last',
    edits: [{ file: 'src/main/watch-backlog.ts', from: '      metrics.unknown(partition)\n', to: '' }],
    caughtBy: [
      {
        file: 'test/adapters/watch-backlog.test.ts',
        title:
          'where one partition cannot be asked, what waits in the others is told, and of that one that nobody knows',
      },
    ],
  },
  {
    breaks: 'an installation that records hides another one, in the same Prometheus, that records nothing',
    edits: [
      {
        file: 'deploy/prometheus/alerts.yml',
        from: 'unless sum by (namespace) (rate(tallycast_votes_recorded_total[2m])) > 0',
        to: 'unless on () sum(rate(tallycast_votes_recorded_total[2m])) > 0',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/alert-files.test.ts',
        title: 'TallycastNothingRecorded puts nothing together that is of several installations',
      },
    ],
  },
  // G8: planned restarts.
  {
    breaks: 'a process serves on a database that lacks a migration of its release',
    edits: [{ file: 'src/main/role.ts', from: '  await refuseOlderSchema(config.databaseUrl!)\n', to: '' }],
    caughtBy: [
      {
        file: 'test/adapters/migrations.test.ts',
        title: 'worker does not start on a database that lacks the newest migration',
      },
    ],
  },
  {
    breaks: 'a worker that ends keeps its partitions until its leases run out',
    edits: [
      {
        file: 'src/application/record-votes.ts',
        from: '    await ports.lease.release(partition, owner).catch((error: unknown) => hooks.onError(partition, error))\n',
        to: '',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/record-votes.test.ts',
        title: 'a worker that ends has given its partitions back by then, however long its leases',
      },
    ],
  },
  {
    breaks: 'polls wait behind one whose server is away to be moved on by time',
    edits: [{ file: 'src/application/keep-schedule.ts', from: 'movesAtOnce = 16', to: 'movesAtOnce = 1' }],
    caughtBy: [
      {
        file: 'test/domain/keep-schedule.test.ts',
        title: 'polls whose server is away let a few of them wait together, and the others end meanwhile',
      },
    ],
  },
  {
    breaks: 'a close whose admin died is left half done',
    edits: [
      {
        file: 'src/application/keep-schedule.ts',
        from: "    if (poll.status === 'closing') return end(poll, now)\n",
        to: '',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/manage-polls.test.ts',
        title: 'a close whose admin died after saving it is brought to its end by the sweep',
      },
    ],
  },
  {
    breaks: 'a vote in bulk that got no answer is called accepted',
    edits: [
      {
        file: 'src/application/cast-vote/bulk-lane.ts',
        from: 'call.answer(refusalsOfNotYet[why])',
        to: "call.answer('0')",
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/bulk-lane.test.ts',
        title:
          'that are answered overloaded for too long are refused as overloaded, those behind them after one attempt',
      },
      {
        file: 'test/adapters/http-bulk-bounds.test.ts',
        title: 'is told unavailable line by line while the stream stays away, and goes on when it is back',
      },
    ],
  },
  {
    breaks: 'a vote in bulk whose line was cut off is cast',
    edits: [
      {
        file: 'src/adapters/http/bulk-stream.ts',
        from: '  await flight.landed()\n  clearTimeout',
        to: '  await flight.send(lines.end())\n  await flight.landed()\n  clearTimeout',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/http-bulk.test.ts',
        title: 'that were cut in the middle of the last line are one vote less',
      },
    ],
  },
  {
    breaks: 'the last answers to votes in bulk stay behind when a host is cut off',
    edits: [
      {
        file: 'src/adapters/http/bulk-stream.ts',
        from: 'setImmediate(() => socket.end())',
        to: 'socket.end()',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/http-bulk-bounds.test.ts',
        title: 'is answered what was read when the api stops, then cut off, and no other is let in',
      },
    ],
  },
  {
    breaks: 'votes in bulk of one voter are judged together, though the first may be postponed',
    edits: [
      {
        file: 'src/application/cast-vote/bulk-lane.ts',
        from: '|| voters.has(voter)) break',
        to: ') break',
      },
      {
        file: 'src/application/cast-vote/bulk-lane.ts',
        from: 'waiting.splice(0, voters.size)',
        to: 'waiting.splice(0, limits.callsPerBatchMax)',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/bulk-lane.test.ts',
        title: 'that are of one voter go one after the other, each behind the answer to the one before',
      },
    ],
  },
  {
    breaks: 'votes in bulk overtake those before them',
    edits: [
      {
        file: 'src/application/cast-vote/bulk-lane.ts',
        from: 'await answerAll(takeBatch())',
        to: 'answerAll(takeBatch()).catch(report)',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/bulk-lane.test.ts',
        title: 'that fail are repeated unchanged, in front of those behind them',
      },
      { file: 'test/domain/bulk-lane.test.ts', title: 'go one batch at a time, and what comes meanwhile goes as one' },
    ],
  },
  {
    breaks: 'a host names voters who have voted by themselves',
    edits: [
      {
        file: 'src/application/cast-vote/name-voters.ts',
        from: "beforeSubject(pollId, 'token')",
        to: "beforeSubject(pollId, 'request')",
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/http-bulk.test.ts',
        title: 'are those of other voters than sessions and requests, whatever the host calls them',
      },
      {
        file: 'test/domain/many-at-once.test.ts',
        title: 'voters of a host are named by poll and subject, apart from sessions and requests',
      },
    ],
  },
  {
    breaks: 'gRPC clients need no certificate where only certified ones are to be let in',
    edits: [{ file: 'src/adapters/grpc/server.ts', from: '[pair], authority !== null)', to: '[pair], false)' }],
    caughtBy: [
      {
        file: 'test/adapters/grpc-tls.test.ts',
        title: 'with an authority for clients only those are answered that it has signed a certificate for',
      },
    ],
  },
  {
    breaks: 'a token of a host is good for every poll',
    edits: [{ file: 'src/adapters/jwt/host-tokens.ts', from: 'meantFor !== pollId', to: 'meantFor === undefined' }],
    caughtBy: [
      { file: 'test/adapters/host-tokens.test.ts', title: 'for another poll is refused, and says why' },
      {
        file: 'test/adapters/http-host-tokens.test.ts',
        title: 'have no vote without a token for this poll, on the short way',
      },
    ],
  },
  {
    breaks: 'a session is enough in a poll of a host',
    edits: [
      {
        file: 'src/application/cast-vote/identify-voter.ts',
        from: "  if (voterIdentity === 'token') return hostTokenMissing\n",
        to: '',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/identify-voter.test.ts',
        title: 'for whom no host vouches has no vote in a poll of a host, whatever else is shown',
      },
    ],
  },
  {
    breaks: 'a command takes an id that begins with a dash for an option',
    edits: [
      {
        file: 'src/terminal/parse-words.ts',
        from: 'idForm.test(word) ? mark + word : word',
        to: "idForm.test(word) && word === '' ? mark + word : word",
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/parse-words.test.ts',
        title: 'an id or a token that begins with a dash is taken for no option',
      },
      { file: 'test/adapters/trace-command.test.ts', title: 'an id that begins with a dash is no option' },
    ],
  },
  {
    breaks: 'a made-up voting code is believed',
    edits: [
      {
        file: 'src/application/voting-codes.ts',
        from: "return isOurs ? hashVoter(pollId, 'code', code) : null",
        to: "return isOurs || !isOurs ? hashVoter(pollId, 'code', code) : null",
      },
    ],
    caughtBy: [
      { file: 'test/domain/voting-code.test.ts', title: 'that somebody makes up is none' },
      {
        file: 'test/adapters/http-codes.test.ts',
        title: 'of another poll, made-up ones and none let nobody vote, on the short way',
      },
    ],
  },
  {
    breaks: 'a voting code is good for every poll',
    edits: [
      { file: 'src/application/voting-codes.ts', from: 'hashTag(`${pollId} `, serial)', to: 'hashTag(` `, serial)' },
    ],
    caughtBy: [
      {
        file: 'test/domain/voting-code.test.ts',
        title: 'is nothing in another poll, nor where the service has another secret',
      },
    ],
  },
  {
    breaks: 'a voting code votes again when it is spelled in another way',
    edits: [
      {
        file: 'src/application/voting-codes.ts',
        from: "return isOurs ? hashVoter(pollId, 'code', code) : null",
        to: "return isOurs ? hashVoter(pollId, 'code', written) : null",
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/voting-code.test.ts',
        title: 'leads to the voter with whom it was drawn, however it is written',
      },
      {
        file: 'test/adapters/http-codes.test.ts',
        title: 'are used up by the vote: the same vote is answered as the first time, another is code_used',
      },
    ],
  },
  {
    breaks: 'who comes with a code that is used up is not told so',
    edits: [
      {
        file: 'src/application/cast-vote/refuse-vote.ts',
        from: "answer === 'already_voted' && voterIdentity === 'code' ? codeUsed :",
        to: "answer === 'no_vote' && voterIdentity === 'code' ? codeUsed :",
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/http-codes.test.ts',
        title: 'are used up by the vote: the same vote is answered as the first time, another is code_used',
      },
    ],
  },
  {
    breaks: 'a host brings votes to a poll that has begun to ask for codes',
    edits: [
      {
        file: 'src/application/cast-vote/bulk-lane.ts',
        from: 'refuseHost(poll) ?? refuseByDefinition(',
        to: 'refuseByDefinition(',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/http-codes.test.ts',
        title:
          'keep hosts out, which bring votes without them: at once, and where a poll begins to ask for codes meanwhile',
      },
    ],
  },
  {
    breaks: 'codes are shown that the register does not have',
    edits: [
      {
        file: 'src/adapters/postgres/code-register.ts',
        from: 'from counted, unnest($2::text[]) as v (voter)',
        to: 'from counted, unnest($2::text[]) as v (voter) offset 1',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/code-register.test.ts',
        title: 'voters are entered together with the note, and stay over an edit, a reset and a deletion',
      },
      {
        file: 'test/adapters/code-calls.test.ts',
        title: 'a recount tells of a vote that no code has led to, and of none of those that one has',
      },
    ],
  },
  {
    breaks: 'a poll gets more codes than it may have, where several ask at once',
    edits: [
      {
        file: 'src/adapters/postgres/code-register.ts',
        from: 'where id = $1 and codes_made + cardinality($2::text[]) <= $3',
        to: 'where id = $1 and (select count(*) from vote_code where poll_id = $1) + cardinality($2::text[]) <= $3',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/code-register.test.ts',
        title: 'a poll never has more than it may, also where two ask at once',
      },
    ],
  },
  {
    breaks: 'codes are made for a poll that has closed, or asks for none, since it was looked at',
    edits: [
      {
        file: 'src/adapters/postgres/code-register.ts',
        from: "and voter_identity = 'code' and status in ('draft', 'scheduled', 'open')",
        to: '',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/code-register.test.ts',
        title: 'nobody is entered where the poll closes just before',
      },
      {
        file: 'test/adapters/code-register.test.ts',
        title: 'nobody is entered where the poll asks for something else just before',
      },
      {
        file: 'test/adapters/code-calls.test.ts',
        title: 'they are refused for a poll that was closed after it was looked at',
      },
    ],
  },
  {
    breaks: 'a recount does not look whether a code led to a vote',
    edits: [
      {
        file: 'src/adapters/postgres/tallies-recount.ts',
        from: "where w.voter_identity = 'code' and cardinality",
        to: "where w.voter_identity = 'nothing' and cardinality",
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/tallies.test.ts',
        title:
          'votes of a poll of codes whose voter is not in its register, in the current round, as far as they stand',
      },
      {
        file: 'test/adapters/recount-command.test.ts',
        title: 'votes that no code of a poll of codes has led to: their number, and exit status 1',
      },
    ],
  },
  {
    breaks: 'anybody may bring votes in bulk',
    edits: [
      {
        file: 'src/adapters/http/bulk-route.ts',
        from: 'return refused ?? (isNdjson',
        to: 'return (isNdjson',
      },
    ],
    caughtBy: [
      { file: 'test/adapters/http-bulk.test.ts', title: 'come to nothing where the request as a whole is refused' },
    ],
  },
  {
    breaks: 'a host that does not read its answers is read on',
    edits: [
      {
        file: 'src/adapters/http/bulk-stream.ts',
        from: 'if (!isGone && !response.write(text)) await drained()',
        to: 'if (!isGone) response.write(text)',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/http-bulk-bounds.test.ts',
        title: 'is not read while it does not read, and read on when it does',
      },
    ],
  },
  {
    breaks: 'a host is refused as soon as the stream is full',
    edits: [
      {
        file: 'src/application/cast-vote/bulk-lane.ts',
        from: 'const isOver = signal.aborted || clock.now() - troubledSince >= limits.patienceMs',
        to: 'const isOver = true',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/http-bulk-bounds.test.ts',
        title: 'is slowed down, not refused, where votes come faster than they can be recorded',
      },
      {
        file: 'test/domain/bulk-lane.test.ts',
        title: 'that find the partition full wait in front of those behind them, and are asked for alone',
      },
    ],
  },
  {
    breaks: 'hosts may bring votes without a limit',
    edits: [
      {
        file: 'src/adapters/http/bulk-route.ts',
        from: 'isFull ? tooManyStreams : null',
        to: 'null',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/http-bulk-bounds.test.ts',
        title: 'finds its place taken where too many bring votes, and comes in when one has gone',
      },
    ],
  },
  {
    breaks: 'the cookie that a foreign page makes a browser send counts',
    edits: [
      {
        file: 'src/adapters/http/credentials.ts',
        from: 'cookie === null || isFromForeignPage(request.headers, address) ? null : cookie',
        to: 'cookie === null || isFromForeignPage({}, address) ? null : cookie',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/http-foreign-page.test.ts',
        title: 'votes with no cookie of its owner, but with a session that it gets in the body',
      },
      {
        file: 'test/adapters/http-foreign-page.test.ts',
        title: 'neither changes, takes back nor reads the vote of its owner',
      },
    ],
  },
  {
    breaks: 'a foreign page gets a cookie set, in the place of its owner’s',
    edits: [
      {
        file: 'src/adapters/http/credentials.ts',
        from: 'if (isFromForeignPage(request.headers, address)) return null',
        to: 'if (isFromForeignPage({}, address)) return null',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/http-foreign-page.test.ts',
        title: 'begins a session of its own, and does not replace the one of its owner',
      },
    ],
  },
  {
    breaks: 'another host of the same site is taken for ours',
    edits: [
      {
        file: 'src/adapters/browsers/foreign-page.ts',
        from: "site !== 'same-origin' && site !== 'none'",
        to: "site === 'cross-site'",
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/http-foreign-page.test.ts',
        title: 'sees what the public sees, in every way, and what a token of its own opens',
      },
    ],
  },
  {
    breaks: 'the cookie of a foreign page opens a socket for its owner',
    edits: [
      {
        file: 'src/adapters/ws/upgrade.ts',
        from: 'isFromForeignPage(headers, address) ? null',
        to: 'isFromForeignPage({}, address) ? null',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/ws.test.ts',
        title: 'the cookie that another site makes a browser send says nothing',
      },
    ],
  },
  {
    breaks: 'a page of another origin shows one of ours in a frame',
    edits: [
      {
        file: 'src/adapters/http/html-headers.ts',
        from: `isFramed ? framedBy : ["'none'"]`,
        to: `isFramed ? framedBy : ['*']`,
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/http-answer-headers.test.ts',
        title: 'loads what is ours alone, is framed by nobody, and tells no other site where it was',
      },
    ],
  },
  {
    breaks: 'any page shows a poll in a frame where the service names those that may',
    edits: [{ file: 'src/adapters/http/page/embed-routes.ts', from: 'parts.embedOrigins)', to: "['*'])" }],
    caughtBy: [
      {
        file: 'test/adapters/http-answer-headers.test.ts',
        title: 'that is made for it is framed by those alone whom the service names',
      },
    ],
  },
  {
    breaks: 'the cookie of the service goes along with what an embedded poll asks',
    edits: [{ file: 'web/embed/plain-fetch.ts', from: "credentials: 'omit'", to: "credentials: 'include'" }],
    caughtBy: [
      {
        file: 'test/domain/embed-session.test.ts',
        title: 'two polls of one page that ask at once have one session, which is kept and asked for without a cookie',
      },
    ],
  },
  {
    breaks: 'two embedded polls of one page have two voters',
    edits: [
      {
        file: 'web/embed/kept-session.ts',
        from: 'beginning.get(service) ??',
        to: '',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/embed-session.test.ts',
        title: 'two polls of one page that ask at once have one session, which is kept and asked for without a cookie',
      },
    ],
  },
  {
    breaks: 'a page of another origin gets one of ours as a script or an image',
    edits: [
      {
        file: 'src/adapters/http/html-headers.ts',
        from: "isFramed ? 'cross-origin' : 'same-origin'",
        to: "'cross-origin'",
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/http-answer-headers.test.ts',
        title: 'loads what is ours alone, is framed by nobody, and tells no other site where it was',
      },
    ],
  },
  {
    breaks: 'a request that is hidden behind one that nobody can trust is done',
    edits: [{ file: 'src/adapters/http/malformed.ts', from: 'distrusted.add(socket)', to: '' }],
    caughtBy: [
      {
        file: 'test/adapters/http-malformed.test.ts',
        title: 'nothing is done that comes behind a request with two hosts',
      },
    ],
  },
  {
    breaks: 'a long header is read again and again',
    edits: [
      {
        file: 'src/adapters/http/credentials.ts',
        from: '([A-Za-z0-9._~+/-]+=*)',
        to: '([A-Za-z0-9._~+/-]+[A-Za-z0-9._~+/-]+=*)',
      },
    ],
    caughtBy: [
      { file: 'test/journeys/security.test.ts', title: 'is read in one go, whatever pattern it is held against' },
    ],
  },
  {
    breaks: 'anybody says from where they came',
    edits: [
      {
        file: 'src/adapters/browsers/client-address.ts',
        from: 'let nearest = remoteAddress.replace',
        to: "let nearest = String(headers['x-forwarded-for'] ?? remoteAddress).replace",
      },
    ],
    caughtBy: [
      {
        file: 'test/journeys/security.test.ts',
        title: 'is of whoever sent it, whatever it says of proxies, and names no other service in what is answered',
      },
    ],
  },
  {
    breaks: 'a token of the host is believed without a look at its signature',
    edits: [
      {
        file: 'src/adapters/jwt/host-tokens.ts',
        from: 'return (await jwtVerify(token, key, options)).payload',
        to: "return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())",
      },
    ],
    caughtBy: [
      { file: 'test/journeys/security.test.ts', title: 'is no voter of a host: a good signature under other claims' },
    ],
  },
  {
    breaks: 'another page may read what is said to a browser’s cookie',
    edits: [
      {
        file: 'src/adapters/browsers/shared-headers.ts',
        from: "'access-control-allow-origin': '*',",
        to: "'access-control-allow-origin': '*',\n  'access-control-allow-credentials': 'true',",
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/http-answer-headers.test.ts',
        title: 'of a vote, on the short way and on the long one, accepted or refused',
      },
    ],
  },
  {
    breaks: 'a fault is logged with the address that was asked, in which a ticket rides',
    edits: [
      {
        file: 'src/adapters/http/faults.ts',
        from: "log.warn({ err: error, request_id: request.id }, 'a dependency",
        to: "log.warn({ err: error, request_id: request.id, url: request.url }, 'a dependency",
      },
    ],
    caughtBy: [
      {
        file: 'test/journeys/logged-secrets.test.ts',
        title:
          'no bearer, Voter-Token, voting code, cookie or ticket is ever written to the output of a process, whatever fails',
      },
    ],
  },
  {
    breaks: 'a viewer that is told to go is sent states all the same',
    edits: [
      {
        file: 'src/adapters/ws/socket-viewer.ts',
        from: 'if (this.#socket.readyState === this.#socket.OPEN) this.#raw.write(frame)',
        to: 'this.#raw.write(frame)',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/ws-frames.test.ts',
        title: 'a viewer that is told to go is sent nothing more, even where it stays',
      },
    ],
  },

  {
    breaks: 'a server that ends as soon as it runs is started without a pause',
    edits: [{ file: 'src/runtime/keep-running.ts', from: '? failures + 1 : 0', to: '? 0 : 0' }],
    caughtBy: [
      {
        file: 'test/domain/keep-running.test.ts',
        title: 'what ends again and again as soon as it runs is started ever less often, and every 5 s in the end',
      },
    ],
  },
  {
    breaks: 'another service comes onto the port of several api processes unnoticed',
    edits: [{ file: 'src/main/api-processes.ts', from: '  await checkPortIsFree(config)\n', to: '' }],
    caughtBy: [
      {
        file: 'test/journeys/many-processes.test.ts',
        title: 'there are as many as were asked for, and no second service comes onto their port unnoticed',
      },
    ],
  },
  {
    breaks: 'a vote counts in another round than its query names, where nobody looks',
    edits: [{ file: 'src/adapters/http/vote-routes.ts', from: '        preValidation: refuseRoundInQuery,\n', to: '' }],
    caughtBy: [
      { file: 'test/adapters/http-votes.test.ts', title: 'counts in it alone, and so do a change and a retract' },
    ],
  },
  {
    breaks: 'a page that is left at once leaves the key of its session behind',
    edits: [{ file: 'web/vote/session-first.ts', from: 'await forget()', to: 'void forget()' }],
    caughtBy: [
      {
        file: 'test/domain/vote-delivery.test.ts',
        title: 'is asked for with one key by pages that ask at the same moment, which is forgotten once it is there',
      },
    ],
  },
  {
    breaks: 'several api processes are called ready while none of them answers',
    edits: [{ file: 'src/main/api-processes.ts', from: 'isAnyReady(serving)', to: 'true' }],
    caughtBy: [
      {
        file: 'test/journeys/many-processes.test.ts',
        title:
          'api processes behind a port are ready while one of them answers, not while all stand still, and again with those that replace them',
      },
    ],
  },
  // G9: nobody manages another's polls.
  {
    breaks: 'a key of another scope is let in',
    edits: [
      {
        file: 'src/domain/api-key.ts',
        from: "if (scopes.includes('admin') || scopes.includes(needed)) return true",
        to: 'if (scopes.length > 0) return true',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/api-key.test.ts',
        title:
          'a key may do what its scopes say: admin everything, polls:write also polls:read, and none of the others anything more',
      },
      {
        file: 'test/adapters/key-calls.test.ts',
        title: 'keys are kept by the admin token and by keys of the scope admin alone',
      },
    ],
  },
  {
    breaks: 'a revoked key still works',
    edits: [
      { file: 'src/domain/api-key.ts', from: 'if (revokedAt !== null) return', to: 'if (revokedAt === 0) return' },
    ],
    caughtBy: [
      {
        file: 'test/adapters/api-keys.test.ts',
        title: 'of a key that was revoked or has expired is refused when what is known of it is 5 s old',
      },
    ],
  },
  {
    breaks: 'a key that was good once is believed for ever',
    edits: [
      {
        file: 'src/application/judge-bearer.ts',
        from: 'known !== undefined && known.until > now() ? known.holder : null',
        to: 'known?.holder ?? null',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/api-keys.test.ts',
        title: 'of a key that was revoked or has expired is refused when what is known of it is 5 s old',
      },
    ],
  },
  {
    breaks: 'the secret of a key is not looked at',
    edits: [
      {
        file: 'src/application/judge-bearer.ts',
        from: 'if (found === null || !isSameHash(hash, found.hash)) return noKey',
        to: 'if (found === null) return noKey',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/api-keys.test.ts',
        title: 'stands for the key whose secret it holds, for whoever runs the service, or for nobody',
      },
    ],
  },
  {
    breaks: "another's poll can be managed with a key",
    edits: [
      {
        file: 'src/application/authorize.ts',
        from: "poll.createdByKey === holder.key.prefix || hasScope(holder.key, 'admin')",
        to: "poll.createdByKey !== '' || hasScope(holder.key, 'admin')",
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/http-keys.test.ts',
        title: 'cannot do anything with polls of others, and does not learn that they are there',
      },
    ],
  },
  {
    breaks: 'the list shows a key the polls of others',
    edits: [
      {
        file: 'src/adapters/postgres/poll-store.ts',
        from: 'and ($4::text is null or created_by_key = $4)',
        to: 'and ($4::text is null or created_by_key is distinct from $4)',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/http-keys.test.ts',
        title: 'holds those that the key created, newest first, in pages; with admin all',
      },
    ],
  },
  {
    breaks: 'anybody creates polls where a key is asked for',
    edits: [
      {
        file: 'src/application/manage-polls/judge-creator.ts',
        from: "if (bearer === null && pollCreation === 'anyone') return",
        to: 'if (bearer === null) return',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/poll-creation.test.ts',
        title:
          'where POLL_CREATION is key a poll is created with a key of the scope polls:write, and with nothing else, over HTTP and gRPC alike',
      },
    ],
  },
  {
    breaks: 'rows of the audit log can be changed',
    edits: [
      {
        file: 'migrations/0009-audit.sql',
        from: 'before update or delete or truncate on audit_event',
        to: 'before truncate on audit_event',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/audit-log.test.ts',
        title: 'what is appended cannot be changed, removed or emptied, also by the user that wrote it',
      },
    ],
  },
  {
    breaks: 'a poll is changed without a note in the audit log',
    edits: [
      {
        file: 'src/application/manage-polls/change-poll.ts',
        from: 'const note = action === null ? undefined',
        to: "const note = action !== 'poll_closed' ? undefined",
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/http-audit.test.ts',
        title: 'each action of an organiser is told: who, what, which poll, when, from where, in which request',
      },
    ],
  },
  {
    breaks: 'whoever manages a poll learns the addresses and keys of others who do',
    edits: [
      {
        file: 'src/application/audit.ts',
        from: '...withoutOrigin(event), id',
        to: '...event, id',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/http-audit.test.ts',
        title:
          'what was done to a poll is told to whoever manages it, without where others sit and which keys they have',
      },
    ],
  },
  {
    breaks: 'an edit of one organiser undoes what another has changed meanwhile',
    edits: [
      {
        file: 'web/manage/edit.ts',
        from: "...(changed(before, after, 'question') && { question: after.question.trim() }),",
        to: 'question: after.question.trim(),',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/manage-edit.test.ts',
        title: 'is nothing where nothing was changed, also where times have seconds that no field shows',
      },
    ],
  },
  {
    breaks: 'a host whose key was revoked goes on bringing votes in the request that it began',
    edits: [
      {
        file: 'src/adapters/http/bulk-route.ts',
        from: 'if (refused !== null && refused.retryAfterMs === undefined) stopping.abort()',
        to: '',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/http-bulk-bounds.test.ts',
        title: 'whose key is revoked while it brings votes is read no more, and what was read is answered',
      },
    ],
  },
  // G10: a final result can be proved.
  {
    breaks: 'exports wait for a connection while results are signed',
    edits: [
      {
        file: 'src/main/adapters.ts',
        from: 'const max = exportsMax + signingsMax',
        to: 'const max = exportsMax',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/http-signed-result.test.ts',
        title:
          'is made in places of its own, which keep nobody from exports; where they are taken it is put off, and what is in memory is not',
      },
    ],
  },
  {
    breaks: 'as many results are signed at once as there are places for exports',
    edits: [
      {
        file: 'src/main/readers.ts',
        from: "createReadSnapshot(adapters.snapshots, 'sign', signingsMax)",
        to: "createReadSnapshot(adapters.snapshots, 'sign', exportsMax)",
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/http-signed-result.test.ts',
        title:
          'is made in places of its own, which keep nobody from exports; where they are taken it is put off, and what is in memory is not',
      },
    ],
  },
  {
    breaks: 'a signed result that is asked for all the time is forgotten before others',
    edits: [
      {
        file: 'src/application/sign-result.ts',
        from: 'kept.delete(name)\n    kept.set(name, signed)',
        to: 'kept.set(name, signed)',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/http-signed-result.test.ts',
        title: 'is forgotten when nobody has asked for the longest time, and not for those that were refused',
      },
    ],
  },
  {
    breaks: 'results that are not signed for now drive signed ones out of memory',
    edits: [
      {
        file: 'src/application/sign-result.ts',
        from: 'isRefused(result) ? forget() : dropOldest()',
        to: 'isRefused(result) ? (dropOldest(), forget()) : dropOldest()',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/http-signed-result.test.ts',
        title: 'is forgotten when nobody has asked for the longest time, and not for those that were refused',
      },
    ],
  },
  {
    breaks: 'a ledger that differs is read to be signed anew for everybody who asks',
    edits: [
      {
        file: 'src/application/sign-result.ts',
        from: 'setTimeout(forget, faultKeptMs).unref()',
        to: 'forget()',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/http-signed-result.test.ts',
        title: 'whose ledger differs is not read again for a while, and then it is',
      },
    ],
  },
  {
    breaks: 'a ledger that differed is never signed',
    edits: [
      {
        file: 'src/application/sign-result.ts',
        from: 'setTimeout(forget, faultKeptMs).unref()',
        to: '',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/http-signed-result.test.ts',
        title: 'whose ledger differs is not read again for a while, and then it is',
      },
    ],
  },
  {
    breaks: 'hidden results are signed for everybody',
    edits: [
      {
        file: 'src/application/sign-result.ts',
        from: 'if (!maySeeResults(live.poll, audience)) return hidden',
        to: '',
      },
      {
        file: 'src/application/sign-result.ts',
        from: 'isRefused(signed) || maySeeResults(signed.poll, audience) ? signed : hidden',
        to: 'signed',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/http-signed-result.test.ts',
        title: "of a poll that shows results to nobody is its organiser's alone, and tells others nothing",
      },
    ],
  },
  {
    breaks: 'a result is signed while its poll is open',
    edits: [
      {
        file: 'src/application/sign-result.ts',
        from: 'if (!live.tally.resultsFinal) return notFinal',
        to: '',
      },
      {
        file: 'src/application/sign-snapshot.ts',
        from: 'if (!tally.resultsFinal) return notFinal',
        to: '',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/http-signed-result.test.ts',
        title: 'is not there before the result is final, and says so',
      },
    ],
  },
  {
    breaks: 'a result is signed though the ledger does not hold it',
    edits: [
      {
        file: 'src/application/sign-snapshot.ts',
        from: 'if (isSame && tally.totalVotes === ledger.votes) return',
        to: 'if (isSame || !isSame) return',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/http-signed-result.test.ts',
        title: 'is not signed while tally and ledger differ: a vote was changed',
      },
    ],
  },
  {
    breaks: 'a signed result is not looked at for whether its signature fits',
    edits: [
      {
        file: 'src/application/verify-result.ts',
        from: 'const isGood = verify(',
        to: 'const isGood = named.id !== null || verify(',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/verify-result.test.ts',
        title: 'is not valid with any member changed, added, taken away or said twice',
      },
    ],
  },
  {
    breaks: 'a signed result may say two things',
    edits: [
      {
        file: 'src/application/verify-result.ts',
        from: 'countNames(text) === countMembers(document) ? document : undefined',
        to: 'document',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/verify-result.test.ts',
        title: 'is not valid with any member changed, added, taken away or said twice',
      },
    ],
  },
  {
    breaks: 'a signed result may have something beside it that nobody has signed',
    edits: [
      {
        file: 'src/application/verify-result.ts',
        from: 'Object.keys(value).length === names.length',
        to: 'Object.keys(value).length >= names.length',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/verify-result.test.ts',
        title: 'is not valid with any member changed, added, taken away or said twice',
      },
    ],
  },
  {
    breaks: 'the canonical form has the members in the order of whoever wrote them',
    edits: [
      {
        file: 'src/application/canonical-json.ts',
        from: '.toSorted(([one], [other]) => (one < other ? -1 : 1))',
        to: '',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/canonical-json.test.ts',
        title: 'is what RFC 8785 makes of its own example, byte for byte',
      },
    ],
  },
  {
    breaks: 'the digest of the ledger says who voted and not for what',
    edits: [
      {
        file: 'src/application/ledger-digest.ts',
        from: "return `${voter} ${selection.join(',')}\\n`",
        to: 'return `${voter} ${selection.length}\\n`',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/http-signed-result.test.ts',
        title: 'is what the poll and its ledger say, signed with the key that is published',
      },
    ],
  },
  {
    breaks: 'the keys of a result are taken from wherever it says',
    edits: [
      {
        file: 'src/main/verify-keys.ts',
        from: 'if (url === null || !isBelievable(url)) throw',
        to: 'if (url === null) throw',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/verify-command.test.ts',
        title:
          'takes the keys of an address that is named, and of the one that the result names only by https or on this machine',
      },
    ],
  },
  {
    breaks: 'the client sends a vote again as another vote',
    edits: [
      { file: 'client/src/client.ts', from: "body, headers: { 'idempotency-key': key }", to: 'body, headers: {}' },
    ],
    caughtBy: [
      { file: 'test/adapters/client.test.ts', title: 'a vote whose answer is lost is sent again and counts once' },
    ],
  },
  {
    breaks: 'a watch that hurries leaves its connection behind',
    edits: [
      {
        file: 'client/src/watch-state.ts',
        from: "return [next, [{ type: state.status === 'waiting' ? 'stop_waiting' : 'disconnect' }, ...actions]]",
        to: 'return [next, actions]',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/client-watch-state.test.ts',
        title: 'whatever happens: one connection at most, never a connection and a pause, and nothing after the end',
      },
      {
        file: 'test/domain/client-watch-state.test.ts',
        title: 'whoever hurries does not wait any more, and leaves no connection behind',
      },
    ],
  },
  {
    breaks: 'a link to another service is shown the tokens of the environment',
    edits: [{ file: 'cli/src/place.ts', from: 'isHome && shows', to: 'shows' }],
    caughtBy: [
      {
        file: 'test/domain/cli-words.test.ts',
        title: 'a link to another service is not shown what the environment keeps for its own',
      },
    ],
  },
  {
    breaks: 'a poll is deleted from a command line where nobody was asked',
    edits: [
      { file: 'cli/src/confirm.ts', from: '  if (!stdin.isTTY)', to: '  if (!stdin.isTTY) return\n  if (false)' },
    ],
    caughtBy: [
      {
        file: 'test/adapters/cli-organise.test.ts',
        title: 'is not done where nobody can be asked and --yes is not said',
      },
    ],
  },
  {
    breaks: 'what a service says moves the cursor of a terminal',
    edits: [
      {
        file: 'src/terminal/printable.ts',
        from: "text.replaceAll(/[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]/gu, '\\u{fffd}')",
        to: 'text',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/cli-words.test.ts',
        title: 'it stays one line, and moves no cursor, whatever a service has written into it',
      },
    ],
  },
  {
    breaks: 'a large limit is none, since its first requests are counted no further than a byte goes',
    edits: [
      {
        file: 'src/application/limit-rates.ts',
        from: 'Math.min(settleAt, FIRST_REQUESTS_MOST) - 1',
        to: 'settleAt - 1',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/limit-rates.test.ts',
        title: 'of an amount of 6000 just so many pass at once, and the next one a moment later',
      },
    ],
  },
  {
    breaks: 'whoever has chosen a language gets another from the server',
    edits: [
      {
        file: 'src/adapters/http/page/choose-language.ts',
        from: 'pickLanguage([...chosen, ...preferred], available)',
        to: 'pickLanguage(preferred, available)',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/choose-language.test.ts',
        title: 'is the one that was chosen here, whatever the browser is set to',
      },
    ],
  },
  {
    breaks: 'counts are told by the plurals of no language',
    edits: [{ file: 'web/i18n/say.ts', from: 'text[rules.select(count)] ?? text.other', to: 'text.other' }],
    caughtBy: [{ file: 'test/domain/say.test.ts', title: 'has the plural of the language' }],
  },
  {
    breaks: 'join codes are guessed without an end',
    edits: [
      {
        file: 'src/application/join-poll.ts',
        from: 'good.get(attempt, now()) ? null : requestLimits.joinCodes.take(network)',
        to: 'requestLimits.joinCodes.look(network)',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/join-poll.test.ts',
        title:
          'whoever guesses is told to wait beyond the ceiling, all at once as well as in turn, whether a guess is good or not',
      },
    ],
  },
  {
    breaks: 'a hall is kept out where somebody guesses join codes',
    edits: [{ file: 'src/application/join-poll.ts', from: 'good.put(attempt, true, now())', to: '' }],
    caughtBy: [
      {
        file: 'test/domain/join-poll.test.ts',
        title: 'a code that was good from there goes on while others are guessed from the same address',
      },
    ],
  },
  {
    breaks: 'a store that has lost who watches is told of what changes alone',
    edits: [
      {
        file: 'src/application/count-viewers.ts',
        from: 'if (!isKept) for (const pollId of told.keys()) told.set(pollId, null)',
        to: 'if (!isKept && told.size === 0) return',
      },
    ],
    caughtBy: [{ file: 'test/domain/count-viewers.test.ts', title: 'what the store has lost is told anew, all of it' }],
  },
  {
    breaks: 'the join code of a deleted poll still leads to it',
    edits: [
      {
        file: 'src/application/join-poll.ts',
        from: 'pollId === null || (await watchPoll.get(pollId)) === null',
        to: 'pollId === null',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/join-poll.test.ts',
        title: 'the code of a poll that was deleted leads nowhere at once, though where it led is remembered',
      },
    ],
  },
  {
    breaks: 'a language with a name that is far too long is taken to pieces',
    edits: [{ file: 'web/i18n/pick-language.ts', from: 'if (tag.length > tagCharactersMax) continue', to: '' }],
    caughtBy: [
      {
        file: 'test/domain/choose-language.test.ts',
        title: 'is looked for in tags of up to 35 characters, and no longer ones',
      },
    ],
  },
  {
    breaks: 'an export from a replica is older than what its caller was shown',
    edits: [
      {
        file: 'src/adapters/postgres/poll-snapshots-of-replica.ts',
        from: '&& snapshot.tally.version >= version',
        to: '&& version >= 0',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/postgres-replica.test.ts',
        title: 'is read from the primary where the replica stays behind what was shown, or does not know the poll',
      },
    ],
  },
  {
    breaks: 'votes are pruned although they do not add up to their tally',
    edits: [
      {
        file: 'src/application/prune-rounds.ts',
        from: "if (differencesIn(recount) > 0) return 'differs'",
        to: '',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/prune-command.test.ts',
        title: 'a round whose tally and ledger differ is left alone, with exit status 1',
      },
    ],
  },
  {
    breaks: 'a round that is not over is marked as pruned',
    edits: [
      {
        file: 'src/adapters/postgres/old-rounds.ts',
        from: "(poll.round > t.round or poll.status in ('closed', 'deleted'))",
        to: 'poll.round >= t.round',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/prune-command.test.ts',
        title: 'a round that is not over is neither found nor marked',
      },
    ],
  },
  {
    breaks: 'a commit is given up where a pooler has forgotten what was prepared',
    edits: [
      {
        file: 'src/adapters/postgres/vote-ledger-prepared.ts',
        from: '        isKept = false\n',
        to: '',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/postgres-pooler.test.ts',
        title: 'a commit on a session that has forgotten what was prepared is made all the same, and told once',
      },
    ],
  },
  {
    breaks: 'votes of a pruned round come back when the stream is read again',
    edits: [
      {
        file: 'src/adapters/postgres/sql/record-votes.sql',
        from: "      when pruned.poll_id is not null then 'ignore'\n",
        to: '',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/vote-ledger-closed.test.ts',
        title: 'nothing of a round that was closed and pruned is recorded or set aside again',
      },
    ],
  },
  {
    breaks: 'a vote that the ledger has passed by is said to wait',
    edits: [
      {
        file: 'src/application/trace-vote.ts',
        from: 'position <= nearestPosition(checkpoint.epoch, checkpoint.recorded, lastIndex)',
        to: 'position <= nearestPosition(checkpoint.epoch - 1, checkpoint.recorded, lastIndex)',
      },
    ],
    caughtBy: [
      {
        file: 'test/adapters/trace-command.test.ts',
        title:
          'a vote behind which the ledger is waits; one that it has passed by is missing, and an earlier one of its voter is named',
      },
    ],
  },
  {
    breaks: 'whoever chooses a language is written to as in no region',
    edits: [
      {
        file: 'src/adapters/http/page/choose-language.ts',
        from: 'pickLocale(tag, [...preferred, ...chosen])',
        to: 'pickLocale(tag, chosen)',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/choose-language.test.ts',
        title:
          'is the reader’s region also in a language that was chosen, and the language’s own where the reader names none of it',
      },
    ],
  },
  {
    breaks: 'every worker may have a share that is rounded up, so that the last one gets none',
    edits: [
      {
        file: 'src/application/record-votes/share-partitions.ts',
        from: '(present.before < leftOver ? 1 : 0)',
        to: '(leftOver > 0 ? 1 : 0)',
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/share-partitions.test.ts',
        title: 'all shares together are all partitions, and no two differ by more than one',
      },
    ],
  },
  {
    breaks: 'a page lacks texts that only one of its deepest components says',
    edits: [
      {
        file: 'web/page-texts.ts',
        from: "vote: ['common', 'faults', 'message', 'vote']",
        to: "vote: ['common', 'message', 'vote']",
      },
    ],
    caughtBy: [
      {
        file: 'test/domain/page-texts.test.ts',
        title: 'the page vote fetches the texts that it says, and no others',
      },
    ],
  },
]
