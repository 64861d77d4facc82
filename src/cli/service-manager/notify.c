/*
 * One datagram to a Unix socket, which Node.js cannot send: how systemd hears of a service
 * (sd_notify(3)). From this process, as systemd believes no other: send(path, message) answers 0, or
 * an errno.
 */
#include <errno.h>
#include <node_api.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int send_message(const char *path, const char *message) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  size_t length = strlen(path);
  if (length >= sizeof(address.sun_path)) return ENAMETOOLONG;
  memcpy(address.sun_path, path, length);
  /* "@name" is a name that is in no folder. */
  if (path[0] == '@') address.sun_path[0] = '\0';
  int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return errno;
  socklen_t size = offsetof(struct sockaddr_un, sun_path) + length;
  ssize_t sent = sendto(descriptor, message, strlen(message), MSG_NOSIGNAL,
                        (struct sockaddr *)&address, size);
  int problem = sent < 0 ? errno : 0;
  close(descriptor);
  return problem;
}

static napi_value send_call(napi_env env, napi_callback_info info) {
  size_t count = 2, length;
  napi_value arguments[2], answer;
  char path[256] = "", message[256] = "";
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  napi_get_value_string_utf8(env, arguments[0], path, sizeof(path), &length);
  napi_get_value_string_utf8(env, arguments[1], message, sizeof(message), &length);
  napi_create_int32(env, send_message(path, message), &answer);
  return answer;
}

NAPI_MODULE_INIT() {
  napi_value send;
  napi_create_function(env, "send", NAPI_AUTO_LENGTH, send_call, NULL, &send);
  napi_set_named_property(env, exports, "send", send);
  return exports;
}
