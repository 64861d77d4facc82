-- A part of an unfinished file has to come again.
--
-- KEYS  file
-- ARGV  number, hash
-- Gives 1 if it was there.

local finished, known = unpack(redis.call('HMGET', KEYS[1], 'finished', ARGV[1]))
if finished or known ~= ARGV[2] then return 0 end
return redis.call('HDEL', KEYS[1], ARGV[1])
