-- Counts that marks have moved of which users are told.
--
-- KEYS  per user: marks (move-marks.lua), watchers
-- Gives per user {version, watchers}; of who was deleted {0} (delete-account.lua).

local replies = {}
for item = 1, #KEYS / 2 do
  local watchers = redis.call('GET', KEYS[item * 2])
  replies[item] = { 0 }
  if watchers ~= '[]' then replies[item] = { redis.call('HINCRBY', KEYS[item * 2 - 1], 'version', 1), watchers } end
end
return replies
