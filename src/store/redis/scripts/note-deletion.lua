-- Notes that the deletion of an account begins, unless that is noted already.
--
-- KEYS  deletions
-- ARGV  user id, ms until it settles
-- Gives 1.
--
-- It is noted before anything is deleted (delete-account.lua), so that no crash leaves one that nobody finishes.

-- include time.lua
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then redis.call('ZADD', KEYS[1], nowMs + ARGV[2], ARGV[1]) end
return 1
