-- KEYS: epoch, door, voters, restoring. ARGV: token, round, revision, closes_at, epoch.
-- Returns 1, or 0 where the permission no longer counts.

local epoch, round = call('GET', KEYS[1]), ARGV[2]
if call('GET', KEYS[4]) ~= ARGV[1] or readDoor(KEYS[2], epoch, KEYS[3]) then return 0 end
if epoch and tonumber(epoch) > tonumber(ARGV[5]) then return 0 end
if (call('HGET', KEYS[3], 'round') or round) ~= round then return 0 end
local there = call('HMGET', KEYS[2], 'state', 'round')
if tonumber(there[2] or 0) > tonumber(round) then return 0 end

-- What was shut stays shut in its round, also where the stream lost its log since.
local state = 'open'
if there[2] == round and there[1] ~= 'open' then state = 'shut' end
call('SET', KEYS[1], ARGV[5])
writeDoor(KEYS[2], state, round, ARGV[3], ARGV[4], ARGV[5], KEYS[3])
call('UNLINK', KEYS[4])
return 1
