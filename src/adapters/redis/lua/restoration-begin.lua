-- KEYS: epoch, stream, door, voters, restoring. ARGV: token, life in milliseconds, round.
-- Returns nil where the door of this or a later round is there or somebody else restores it, else the epoch ('' for none) and the id of the
-- stream's last entry.

local epoch = call('GET', KEYS[1])
local door = readDoor(KEYS[3], epoch, KEYS[4])
if door and door.round >= tonumber(ARGV[3]) then return nil end
if not call('SET', KEYS[5], ARGV[1], 'NX', 'PX', ARGV[2]) then return nil end
-- Voters whom an earlier attempt left, or an earlier round. The door of another epoch or round loses its voters with that, so it
-- must never count again. A door that does has been written since: then the restoration ends.
call('UNLINK', KEYS[4])
if call('EXISTS', KEYS[3]) == 1 then call('HSET', KEYS[3], 'epoch', '') end

local last = call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1]
return { epoch or '', last and last[1] or '0-0' }
