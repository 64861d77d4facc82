-- Adds a server to those that hear of a group's messages, or removes it.
--
-- KEYS  per group: watchers, group
-- ARGV  per group: instance, address ('' removes), '1' if it has to have a record ('0': the lobby)
-- Gives per group 1, or 0: there is no such group, and the server is not among them.

local replies = {}
for item = 1, #KEYS / 2 do
  local watchersKey, instance, address = KEYS[item * 2 - 1], ARGV[item * 3 - 2], ARGV[item * 3 - 1]
  local isThere = ARGV[item * 3] == '0' or redis.call('EXISTS', KEYS[item * 2]) == 1
  local kept = {}
  for _, watcher in ipairs(cjson.decode(redis.call('GET', watchersKey) or '[]')) do
    if watcher[3] ~= instance then kept[#kept + 1] = watcher end
  end
  if address ~= '' and isThere then kept[#kept + 1] = { '', '0', instance, address, '0' } end
  if #kept > 0 then
    redis.call('SET', watchersKey, cjson.encode(kept))
  else
    redis.call('DEL', watchersKey)
  end
  replies[item] = isThere and 1 or 0
end
return replies
