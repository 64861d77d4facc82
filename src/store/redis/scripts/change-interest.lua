-- Adds a server to those that hear of a group's messages, or removes it.
--
-- KEYS  per group: watchers, group
-- ARGV  per group: instance, address ('' removes), '1' if it has to have a record ('0': the lobby)
-- Gives per group its version, 0 of the lobby, or nil: there is no such group, and the server is not among them.

local replies = {}
for item = 1, #KEYS / 2 do
  local watchersKey, instance, address = KEYS[item * 2 - 1], ARGV[item * 3 - 2], ARGV[item * 3 - 1]
  local version = ARGV[item * 3] == '0' and 0 or redis.call('HGET', KEYS[item * 2], 'version')
  local kept = {}
  for _, watcher in ipairs(cjson.decode(redis.call('GET', watchersKey) or '[]')) do
    if watcher[3] ~= instance then kept[#kept + 1] = watcher end
  end
  if address ~= '' and version then kept[#kept + 1] = { '', '0', instance, address, '0' } end
  if #kept > 0 then
    redis.call('SET', watchersKey, cjson.encode(kept))
  else
    redis.call('DEL', watchersKey)
  end
  replies[item] = version and tonumber(version)
end
return replies
