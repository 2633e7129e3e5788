-- KEYS: epoch, door, voters, restoring. ARGV: round, revision, closes_at.

local epoch = call('GET', KEYS[1])
local round = call('HGET', KEYS[2], 'round')
-- A door of this round stays as it is also where it counts as missing: somebody may have voted in it.
if round and tonumber(round) >= tonumber(ARGV[1]) then return end
call('UNLINK', KEYS[2], KEYS[3], KEYS[4])
-- No epoch: the stream is new or has lost its data. An invented one could be that of a lost log, whose positions would come a
-- second time. The door stays missing, and the first call restores it with the epoch of the checkpoint.
if epoch then writeDoor(KEYS[2], 'open', ARGV[1], ARGV[2], ARGV[3], epoch, KEYS[3]) end
