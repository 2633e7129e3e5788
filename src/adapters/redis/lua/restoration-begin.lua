-- KEYS: epoch, stream, door, voters, restoring. ARGV: token, life in milliseconds, round.
-- Returns nil where the door of this or a later round is there or somebody else restores it, else the epoch ('' for none) and the stream's end.

local epoch = call('GET', KEYS[1])
local door = readDoor(KEYS[3], epoch, KEYS[4])
if door and door.round >= tonumber(ARGV[3]) then return nil end
if not call('SET', KEYS[5], ARGV[1], 'NX', 'PX', ARGV[2]) then return nil end
-- Voters whom an earlier attempt left, or an earlier round. The door of another epoch or round loses its voters with that, so it
-- must never count again. A door that does has been written since: then the restoration ends.
call('UNLINK', KEYS[4])
if call('EXISTS', KEYS[3]) == 1 then call('HSET', KEYS[3], 'epoch', '') end

local streamEnd = '0-0'
if call('EXISTS', KEYS[2]) == 1 then
  local info = call('XINFO', 'STREAM', KEYS[2])
  for n = 1, #info, 2 do
    if info[n] == 'last-generated-id' then streamEnd = info[n + 1] end
  end
end
return { epoch or '', streamEnd }
