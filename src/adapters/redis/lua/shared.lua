-- Stands in front of every script.

local call = redis.call

-- The door as it is, nil where it is missing: not there, or of another epoch than the partition. `epoch` is false where the
-- partition has none. A door and its voters are two keys, of which one may be deleted or evicted alone: so the voters say of which
-- round they are, and a door without them is missing too. With no voters it would let everybody vote again.
local function readDoor(key, epoch, votersKey)
  local fields = call('HMGET', key, 'state', 'round', 'revision', 'closes_at', 'epoch')
  if not fields[1] or not epoch or fields[5] ~= epoch then return nil end
  if fields[1] ~= 'sealed' and call('HGET', votersKey, 'round') ~= fields[2] then return nil end
  return {
    key = key,
    state = fields[1],
    round = tonumber(fields[2]),
    revision = tonumber(fields[3]),
    -- nil for a door that no time shuts
    closesAt = tonumber(fields[4]),
  }
end

-- `state` is 'open'; or 'shut'; or 'sealed': shut while it was missing, so that its voters are not known here.
local function writeDoor(key, state, round, revision, closesAt, epoch, votersKey)
  -- A voter's field has 16 bytes, so this is nobody's.
  if state ~= 'sealed' then call('HSET', votersKey, 'round', round) end
  call('HSET', key, 'state', state, 'round', round, 'revision', revision, 'closes_at', closesAt, 'epoch', epoch)
end

local function nowMs()
  local time = call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

-- Appends an entry, which says how many votes of the partition stand before it. `meaning` is 'v' for votes, 'c' for a marker. Its id
-- bears the time at which it was judged: Redis itself would take the time of now, which before 7.2 is a later one. And it bears a
-- number that the caller drew: a primary that nobody hears and the replica that has taken its place append in the same millisecond,
-- and a worker that has read the one must see that the other has not got that entry.
local function appendEntry(streamKey, countKey, format, epoch, judgedAt, drawn, meaning, bytes, votes)
  -- First, because it is what a server without memory refuses: then nothing has been written.
  local before = tonumber(call('INCRBY', countKey, votes)) - votes
  -- Behind another one of this millisecond; then where the clock was set back behind the newest entry: the next id behind that one.
  for _, id in ipairs({ judgedAt .. '-' .. drawn, judgedAt .. '-*' }) do
    local added = redis.pcall('XADD', streamKey, id, 'f', format, 'e', epoch, 'n', before, meaning, bytes)
    if type(added) == 'string' then return added end
  end
  return call('XADD', streamKey, '*', 'f', format, 'e', epoch, 'n', before, meaning, bytes)
end

local function appendMarker(streamKey, countKey, format, epoch, judgedAt, drawn, pollId, round)
  appendEntry(streamKey, countKey, format, epoch, judgedAt, drawn, 'c', struct.pack('>I4', round) .. pollId, 0)
end

-- How many votes of the partition stand before this entry; nil for one that somebody wrote by hand.
local function votesBefore(entry)
  local fields = entry[2]
  for n = 1, #fields, 2 do
    if fields[n] == 'n' then return tonumber(fields[n + 1]) end
  end
  return nil
end

-- HSET of many fields, in slices that fit Lua's stack. `pairsOfFields` alternates field and value.
local function setFields(key, pairsOfFields)
  for at = 1, #pairsOfFields, 1000 do
    call('HSET', key, unpack(pairsOfFields, at, math.min(at + 999, #pairsOfFields)))
  end
end

