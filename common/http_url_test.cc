#include "common/http_url.h"

#include <string>

#include "absl/status/statusor.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

// "https HOST:PORT PATH", or the error.
std::string Parsed(const std::string& url) {
  const absl::StatusOr<HttpUrl> parsed = ParseHttpUrl(url);
  if (!parsed.ok()) return std::string(parsed.status().message());
  return (parsed->tls ? "https " : "http ") + parsed->HostAndPort() + " " + parsed->path;
}

TEST(HttpUrlTest, SplitsAUrl) {
  EXPECT_EQ(Parsed("http://a.b:8080/p/q?x=1"), "http a.b:8080 /p/q?x=1");
  EXPECT_EQ(Parsed("http://a.b"), "http a.b:80 ");
  EXPECT_EQ(Parsed("https://a.b/"), "https a.b:443 /");
  EXPECT_EQ(Parsed("HttpS://A.b"), "https A.b:443 ");
  EXPECT_EQ(Parsed("http://a.b:/x"), "http a.b:80 /x");
  EXPECT_EQ(Parsed("http://[::1]:9000/x"), "http [::1]:9000 /x");
  EXPECT_EQ(Parsed("http://[::1]"), "http [::1]:80 ");
}

// RFC 6874: the server must not receive the zone.
TEST(HttpUrlTest, AcceptsTheZoneOfALinkLocalAddress) {
  for (const char* url : {"http://[fe80::1%25eth0]:9000/x", "http://[fe80::1%eth0]:9000/x"}) {
    const absl::StatusOr<HttpUrl> parsed = ParseHttpUrl(url);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(parsed->host, "fe80::1%eth0");
    EXPECT_EQ(parsed->HostAndPort(), "[fe80::1%eth0]:9000");
    EXPECT_EQ(parsed->Authority(), "[fe80::1]:9000");
  }
}

TEST(HttpUrlTest, AcceptsUncommonForms) {
  EXPECT_EQ(Parsed("HTTP://h:"), "http h:80 ");
  EXPECT_EQ(Parsed("http://h:65535/"), "http h:65535 /");
  EXPECT_EQ(Parsed("http://h:0080/"), "http h:80 /");
  EXPECT_EQ(Parsed("http://h?"), "http h:80 /?");
  EXPECT_EQ(Parsed("http://h#"), "http h:80 ");
  EXPECT_EQ(Parsed("http://h/#?"), "http h:80 /");
  EXPECT_EQ(Parsed("http://h/%20%2f%"), "http h:80 /%20%2f%");
  EXPECT_EQ(Parsed("http://h/a@b:c"), "http h:80 /a@b:c");
  EXPECT_EQ(Parsed("http://h./x"), "http h.:80 /x");
}

TEST(HttpUrlTest, AQueryNeedsNoPath) {
  EXPECT_EQ(Parsed("http://a:1?x=1"), "http a:1 /?x=1");
  EXPECT_EQ(Parsed("http://a:1?u=http://b/"), "http a:1 /?u=http://b/");
}

TEST(HttpUrlTest, AFragmentIsDropped) {
  EXPECT_EQ(Parsed("http://a:1/x#y"), "http a:1 /x");
  EXPECT_EQ(Parsed("http://a:1#y/z"), "http a:1 ");
  EXPECT_EQ(Parsed("http://a:1?x=1#y?z"), "http a:1 /?x=1");
}

TEST(HttpUrlTest, RefusesInvalidUrls) {
  for (const char* url : {"",
                          "a:1",
                          "ftp://a:1",
                          "http://",
                          "http:///x",
                          "http://:80/",
                          "http://a:0",
                          "http://a:65536",
                          "http://a:+80",
                          "http://a: 80",
                          "http://a:8x",
                          "http://::1:80",
                          "http://[::1",
                          "http://[::1]x",
                          "http://[a]:1",
                          "http://[127.0.0.1]:1",
                          "http://[:::1]",
                          "http://[1::2::3]",
                          "http://[::1%]",
                          "http://[fe80::1%a/b]",
                          "http://[fe80::1%25a b]",
                          "http://a:00000000000080x",
                          "http://a:-1",
                          "http://a:99999999999999999999",
                          "http://a/?x y",
                          "http://a\\b/",
                          "http://a/\t",
                          "//a/x",
                          "http:/a",
                          "http:a",
                          "http://a b/",
                          "http://a%20b/",
                          "http://\xc3\xa9/",
                          "http://a/\xc3\xa9",
                          "http://a/b c",
                          "http://a/\r\n",
                          "http://a/\x7f"}) {
    EXPECT_FALSE(ParseHttpUrl(url).ok()) << url;
  }
}

TEST(HttpUrlTest, RecognisesServerNamesOfTls) {
  for (const char* name : {"a", "a.b", "a.b.", "1.b"}) EXPECT_TRUE(IsServerName(name)) << name;
  for (const char* name : {"", ".", "127.0.0.1", "127.0.0.1.", "::1", "a b", "a/b"}) {
    EXPECT_FALSE(IsServerName(name)) << name;
  }
}

// Messages, tables and labels must not contain it.
TEST(HttpUrlTest, RefusesAPasswordWithoutQuotingIt) {
  for (const char* url :
       {"http://user:secret@a:1/x", "http://us%65r:secret@a", "http://secret@[::1]:1"}) {
    const std::string why = Parsed(url);
    EXPECT_NE(why.find("Authorization"), std::string::npos) << why;
    EXPECT_EQ(why.find("secret"), std::string::npos) << why;
    EXPECT_EQ(WithoutUserinfo(url).find("secret"), std::string::npos);
  }
  EXPECT_EQ(WithoutUserinfo("http://u:secret@a:1/x"), "http://...@a:1/x");
  EXPECT_EQ(WithoutUserinfo("http://a:1/x"), "http://a:1/x");
}

}  // namespace
}  // namespace assay
