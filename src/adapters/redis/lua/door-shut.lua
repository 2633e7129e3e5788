-- KEYS: epoch, stream, vote count, door, voters. ARGV: format version, poll id, round, '1' for a repetition, a number for the entry's id.
-- Returns 0 where the partition has no epoch and nothing could be done, else 1.

local epoch = call('GET', KEYS[1])
local format, pollId, round = ARGV[1], ARGV[2], tonumber(ARGV[3])
local roundThere = tonumber(call('HGET', KEYS[4], 'round') or 0)
if roundThere > round then return 1 end
-- A door without an epoch would count as missing as soon as there is one, and could come back open.
if not epoch then return 0 end

local door = readDoor(KEYS[4], epoch, KEYS[5])
if door and door.round == round then
  if door.state ~= 'open' and ARGV[4] ~= '1' then return 1 end
  if door.state == 'open' then call('HSET', KEYS[4], 'state', 'shut') end
else
  -- Revision 0: whatever definition a call was checked against, it hears that the poll is closed.
  call('UNLINK', KEYS[5])
  writeDoor(KEYS[4], 'sealed', round, 0, '', epoch, KEYS[5])
end
appendMarker(KEYS[2], KEYS[3], format, epoch, nowMs(), ARGV[5], pollId, round)
return 1
