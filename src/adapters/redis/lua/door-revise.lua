-- KEYS: epoch, door, voters. ARGV: round, revision, closes_at. Returns 1 where the door of this round is shut, else 0.

local there = call('HMGET', KEYS[2], 'state', 'round')
-- Of whatever epoch: what was shut in its round is restored shut.
if there[2] == ARGV[1] and there[1] ~= 'open' then return 1 end
local door = readDoor(KEYS[2], call('GET', KEYS[1]), KEYS[3])
if not door or door.round ~= tonumber(ARGV[1]) then return 0 end
if door.revision < tonumber(ARGV[2]) then call('HSET', KEYS[2], 'revision', ARGV[2], 'closes_at', ARGV[3]) end
return 0
