-- Judges the calls of a batch in their order, appends the accepted votes as one entry, and remembers the voters.
--
-- KEYS: epoch, stream, vote count, recorded count; then of each poll its door and its voters.
-- ARGV: format version; '1' where a repetition must write too; how many votes may be unrecorded; number of polls; the poll ids;
--   number of runs; then the runs.
--   A run is a row of calls for one poll with the same round and revision: number of the poll, round, revision, place of
--   the selection in a vote (from 1), arguments per call (1 or 2), number of calls; then the calls: the bytes of the vote, and
--   where there are two arguments the request: key (8 bytes) and hash of what it asks (8 bytes), or nothing. At last a number for
--   the ids of entries.
-- Returns epoch, entry id ('' without an entry), one letter per call, and 16 bytes of position per letter r. The n-th letter a
-- stands at index n of the entry, from 0.
--
-- A voter's value: position (16 bytes), selection as in a vote, then of the last 3 requests, latest first: key (8), hash (8),
-- position (16). A position's place within the entry is known while judging, the entry only after it is appended: so in `wPosition` and
-- `wRequests` a number is an index of the entry to come, a string is a position that stood before.

local sub, byte, char = string.sub, string.byte, string.char
local VOTERS_PER_READ, REQUESTS_KEPT, REQUEST_BYTES = 1000, 3, 32

local epoch = call('GET', KEYS[1])
local format, mustWrite, pollCount, drawn = ARGV[1], ARGV[2] == '1', tonumber(ARGV[4]), ARGV[#ARGV]
local voteCount, told = tonumber(call('GET', KEYS[3]) or 0), call('GET', KEYS[4])
-- Where nobody has told how many are recorded, the data is new or was lost, and counting begins here; so it does where more are
-- said to be recorded than there are, because the count was lost alone.
local recorded = math.min(voteCount, tonumber(told or voteCount))
local room = tonumber(ARGV[3]) - (voteCount - recorded)
local letters, positions, payloads, markers, polls = {}, {}, {}, {}, {}
local answered, accepted, now = 0, 0, nowMs()

for number = 1, pollCount do
  local poll = {
    door = readDoor(KEYS[3 + 2 * number], epoch, KEYS[4 + 2 * number]), votersKey = KEYS[4 + 2 * number],
    -- Voters whom this batch has met, by voter key, numbered; then by their number:
    met = {}, count = 0, wVoter = {}, wSelection = {}, wPosition = {}, wRequests = {}, wOlder = {}, wIsDirty = {},
  }
  local door = poll.door
  if door and door.state == 'open' and door.closesAt and now >= door.closesAt then
    door.state = 'shut'
    markers[#markers + 1] = { door = door, pollId = ARGV[4 + number] }
  end
  polls[number] = poll
end

local function meet(poll, voter, value)
  local w = poll.count + 1
  poll.count = w
  poll.met[voter] = w
  poll.wVoter[w] = voter
  if value then
    local selectionEnd = 17 + 2 * byte(value, 17)
    poll.wPosition[w] = sub(value, 1, 16)
    poll.wSelection[w] = sub(value, 17, selectionEnd)
    poll.wOlder[w] = sub(value, selectionEnd + 1)
  end
  return w
end

local function remember(poll, w, request, position)
  local requests = poll.wRequests[w]
  if requests then
    requests[#requests + 1] = request
    requests[#requests + 1] = position
  else
    poll.wRequests[w] = { request, position }
  end
end

-- What a request with this key asked for, and where its vote stands; nil for an unknown or forgotten key.
local function recall(poll, w, request)
  local key, left = sub(request, 1, 8), REQUESTS_KEPT
  local requests, older = poll.wRequests[w] or {}, poll.wOlder[w] or ''
  for at = #requests - 1, 1, -2 do
    if sub(requests[at], 1, 8) == key then return sub(requests[at], 9), requests[at + 1] end
    left = left - 1
    if left == 0 then return nil end
  end
  for at = 1, math.min(#older, left * REQUEST_BYTES), REQUEST_BYTES do
    if sub(older, at, at + 7) == key then return sub(older, at + 8, at + 15), sub(older, at + 16, at + 31) end
  end
  return nil
end

-- The letter for a request whose key this voter has used before; the position too, where it is r. Nil for any other.
local function judgeRequest(poll, w, request)
  if request == '' then return nil end
  local asked, position = recall(poll, w, request)
  if not asked then return nil end
  if asked ~= sub(request, 9) then return 'k' end
  return 'r', position
end

-- The letter for one call of a voter who is known here or was met in this batch; the position too, where it is r.
local function judgeKnown(poll, w, kind, selection, request)
  local letter, position = judgeRequest(poll, w, request)
  if letter then return letter, position end
  local standing = poll.wSelection[w]
  if standing == selection then
    if request ~= '' then
      -- Without this a late repetition of the request, after another change, would change the vote back.
      remember(poll, w, request, poll.wPosition[w])
      poll.wIsDirty[w] = true
    end
    return 'r', poll.wPosition[w]
  end
  if kind == 0 and byte(standing) > 0 then return 'v' end
  if kind == 1 and byte(standing) == 0 then return 'n' end
  return 'a'
end

local function accept(poll, w, vote, selection, request)
  poll.wSelection[w] = selection
  poll.wPosition[w] = accepted
  poll.wIsDirty[w] = true
  if request ~= '' then remember(poll, w, request, accepted) end
  accepted = accepted + 1
  payloads[accepted] = vote
end

local function judgeCalls(poll, first, count, stride, selectionFrom)
  local voters = {}
  for n = 1, count do voters[n] = sub(ARGV[first + (n - 1) * stride], 2, 17) end
  local values = call('HMGET', poll.votersKey, unpack(voters))
  local met, isShut = poll.met, poll.door.state ~= 'open'
  for n = 1, count do
    local at, voter, value = first + (n - 1) * stride, voters[n], values[n]
    local vote, w, letter, position = ARGV[at], met[voter], nil, nil
    local request, selection = '', sub(vote, selectionFrom)
    if stride == 2 then request = ARGV[at + 1] end
    if value and not w then w = meet(poll, voter, value) end
    if isShut then
      -- Whose answer was lost must not hear that the vote came too late.
      if w then letter, position = judgeRequest(poll, w, request) end
      letter = letter or 'c'
    elseif w then
      letter, position = judgeKnown(poll, w, byte(vote, 1), selection, request)
    else
      letter = byte(vote, 1) == 0 and 'a' or 'n'
    end
    if letter == 'a' and accepted >= room then letter = 'o' end
    if letter == 'a' then
      w = w or meet(poll, voter)
      accept(poll, w, vote, selection, request)
    end
    if position then positions[#positions + 1] = position end
    letters[answered + n] = letter
  end
  answered = answered + count
end

local at = 6 + pollCount
for _ = 1, tonumber(ARGV[5 + pollCount]) do
  local poll, round, revision = polls[tonumber(ARGV[at])], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local selectionFrom, stride, count = tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4]), tonumber(ARGV[at + 5])
  local door, letter = poll.door, nil
  -- The door of an earlier round stands where that of this round is missing.
  if not door or door.round < round then letter = 'm'
  elseif door.round > round or revision < door.revision then letter = 's'
  -- A shut door knows a request by its key alone, and a sealed one knows none.
  elseif door.state == 'sealed' or (door.state ~= 'open' and stride == 1) then letter = 'c' end
  at = at + 6
  if letter then
    for n = 1, count do letters[answered + n] = letter end
    answered = answered + count
  else
    for done = 0, count - 1, VOTERS_PER_READ do
      judgeCalls(poll, at + done * stride, math.min(VOTERS_PER_READ, count - done), stride, selectionFrom)
    end
  end
  at = at + count * stride
end

-- From here on it writes. Everything that could fail by what it found was read above.
local entryId, stem = '', ''
if accepted > 0 then
  entryId = appendEntry(KEYS[2], KEYS[3], format, epoch, now, drawn, 'v', table.concat(payloads), accepted)
  if tonumber(told) ~= recorded then call('SET', KEYS[4], recorded) end
  local major, minor = string.match(entryId, '^(%d+)-(%d+)$')
  stem = struct.pack('>I4I6I4', tonumber(epoch), tonumber(major), tonumber(minor))
end

local function placed(position)
  if type(position) == 'string' then return position end
  return stem .. char(math.floor(position / 256), position % 256)
end

local function valueOf(poll, w)
  local requests, older = poll.wRequests[w], poll.wOlder[w] or ''
  local position = placed(poll.wPosition[w])
  if not requests then return position .. poll.wSelection[w] .. older end
  -- A first vote, which is what most voters have.
  if #requests == 2 and older == '' then
    return position .. poll.wSelection[w] .. requests[1] .. placed(requests[2])
  end
  local latest = {}
  for n = #requests - 1, 1, -2 do latest[#latest + 1] = requests[n] .. placed(requests[n + 1]) end
  return position .. poll.wSelection[w] .. sub(table.concat(latest) .. older, 1, REQUESTS_KEPT * REQUEST_BYTES)
end

local hasWritten = accepted > 0
for number = 1, pollCount do
  local poll, fields = polls[number], {}
  for w = 1, poll.count do
    if poll.wIsDirty[w] then
      fields[#fields + 1] = poll.wVoter[w]
      fields[#fields + 1] = valueOf(poll, w)
    end
  end
  setFields(poll.votersKey, fields)
  hasWritten = hasWritten or #fields > 0
end
for _, marker in ipairs(markers) do
  call('HSET', marker.door.key, 'state', 'shut')
  appendMarker(KEYS[2], KEYS[3], format, epoch, now, drawn, marker.pollId, marker.door.round)
end
-- WAIT asks the replicas for what this connection wrote last. A repetition after a lost connection wrote nothing, and would
-- be called safe whatever the replicas have; so it writes again what stands there.
if mustWrite and not hasWritten and #positions > 0 then
  for number = 1, pollCount do
    local door = polls[number].door
    if door then call('HSET', door.key, 'state', door.state) end
  end
end

for n = 1, #positions do positions[n] = placed(positions[n]) end
return { epoch or '', entryId, table.concat(letters), table.concat(positions) }
