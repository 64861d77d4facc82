-- Adds a server to those that hear of a group's messages, or removes it.
--
-- KEYS  per group: watchers
-- ARGV  per group: instance, address ('' removes)
-- Gives 1 per group.

local replies = {}
for item = 1, #KEYS do
  local instance, address = ARGV[item * 2 - 1], ARGV[item * 2]
  local kept = {}
  for _, watcher in ipairs(cjson.decode(redis.call('GET', KEYS[item]) or '[]')) do
    if watcher[3] ~= instance then kept[#kept + 1] = watcher end
  end
  if address ~= '' then kept[#kept + 1] = { '', '0', instance, address, '0' } end
  if #kept > 0 then
    redis.call('SET', KEYS[item], cjson.encode(kept))
  else
    redis.call('DEL', KEYS[item])
  end
  replies[item] = 1
end
return replies
