#include "server/net/head_rules.h"

#include "gtest/gtest.h"

namespace assay::server {
namespace {

TEST(IsValidHostTest, AcceptsNamesAddressesAndPorts) {
  for (const char* host : {"", "a", "example.org", "127.0.0.1:9000", "[::1]", "[::1]:9000",
                           "a:", "xn--bcher-kva.example", "a%20b", "[v1.fe80:x]", "[VF.a]",
                           "[1:2:3:4:5:6:7:8]", "[::ffff:127.0.0.1]:80"}) {
    EXPECT_TRUE(IsValidHost(host)) << host;
  }
}

TEST(IsValidHostTest, RefusesInvalidHosts) {
  for (const char* host :
       {"a b",    "a/b",    "user@a",    "a:b",       "a:80:80",     "[::1",         "[]",
        "[::1]x", "::1",    "a%2",       "a%zz",      "a\"b",        "a,b c",        "h\xc3\xa4",
        "[zz]",   "[::::]", "[1::2::3]", "[12345::]", "[127.0.0.1]", "[::1%25eth0]", "[v.x]",
        "[v1]",   "[v1.]",  "[vg.x]",    "[v1.a/b]"}) {
    EXPECT_FALSE(IsValidHost(host)) << host;
  }
}

TEST(ParseTargetTest, AcceptsOriginForm) {
  const auto target = ParseTarget(HttpMethod::kGet, "/a/b?c=d&e?f");
  ASSERT_TRUE(target.has_value());
  EXPECT_EQ(target->path, "/a/b");
  EXPECT_EQ(target->query, "c=d&e?f");
}

TEST(ParseTargetTest, AcceptsAbsoluteFormAndDropsTheAuthority) {
  const auto target = ParseTarget(HttpMethod::kPost, "HTTP://example.org:80/a?b");
  ASSERT_TRUE(target.has_value());
  EXPECT_EQ(target->path, "/a");
  EXPECT_EQ(target->query, "b");
  EXPECT_EQ(ParseTarget(HttpMethod::kGet, "http://example.org")->path, "/");
  EXPECT_EQ(ParseTarget(HttpMethod::kGet, "http://example.org?x")->query, "x");
  EXPECT_EQ(ParseTarget(HttpMethod::kOptions, "http://example.org")->path, "*");
}

TEST(ParseTargetTest, AcceptsTheAsteriskWithOptionsOnly) {
  EXPECT_TRUE(ParseTarget(HttpMethod::kOptions, "*").has_value());
  EXPECT_FALSE(ParseTarget(HttpMethod::kGet, "*").has_value());
}

TEST(ParseTargetTest, RefusesInvalidTargets) {
  for (const char* target : {"", "json", "/a#b", "ftp://a/b", "http:///a", "http://:80/a",
                             "http://u@h/a", "/%", "/%2", "/%zz", "/?%0", "http://a b/", "//"}) {
    const bool valid = ParseTarget(HttpMethod::kGet, target).has_value();
    EXPECT_EQ(valid, std::string_view(target) == "//") << target;
  }
}

TEST(IsValidHostTest, RefusesANulAfterAnAddress) {
  EXPECT_FALSE(IsValidHost(std::string_view("[::1\0]", 6)));
}

TEST(ParseTargetTest, ReportsTheHttpsScheme) {
  EXPECT_TRUE(ParseTarget(HttpMethod::kGet, "HTTPS://h/a")->https);
  EXPECT_FALSE(ParseTarget(HttpMethod::kGet, "http://h/a")->https);
  EXPECT_FALSE(ParseTarget(HttpMethod::kGet, "/a")->https);
}

TEST(ConnectionOptionsTest, AreReadFromListsInAnyCase) {
  ConnectionOptions options;
  AddConnectionOptions("x, closed ,Keep-Alive", options);
  EXPECT_TRUE(options.keep_alive);
  EXPECT_FALSE(options.close);
  AddConnectionOptions(",\tCLOSE,,", options);
  EXPECT_TRUE(options.close);
}

TEST(EmptyLinesTest, MustEndInCrlf) {
  EXPECT_EQ(SizeOfEmptyLines("\r\n\r\nG"), 4u);
  EXPECT_EQ(SizeOfEmptyLines("\r\n\n\r\nG"), 2u);
  EXPECT_EQ(SizeOfEmptyLines("\nG"), 0u);
  EXPECT_EQ(SizeOfEmptyLines("\r"), 0u);
  EXPECT_EQ(SizeOfEmptyLines(""), 0u);
}

TEST(DecodePathTest, DecodesEachByte) {
  EXPECT_EQ(DecodePath("/%6ason%00%FF"), std::string_view("/json\0\xff", 7));
  EXPECT_EQ(DecodePath("/plain"), "/plain");
}

// Otherwise one path would be taken for another.
TEST(DecodePathTest, KeepsAnEncodedSlash) { EXPECT_EQ(DecodePath("/a%2Fb%2fc%25"), "/a%2Fb%2Fc%"); }

TEST(CheckTransferEncodingTest, AcceptsChunkedAlone) {
  for (const char* value : {"chunked", "Chunked", " chunked ", ", chunked ,"}) {
    EXPECT_FALSE(CheckTransferEncoding(value).has_value()) << value;
  }
}

TEST(CheckTransferEncodingTest, DistinguishesUnknownCodingsFromBrokenFraming) {
  EXPECT_EQ(CheckTransferEncoding("gzip, chunked")->status, 501);
  for (const char* value : {"", "gzip", "chunked, gzip", "chunked, chunked", "identity", "xchunked",
                            "chunked;q=1", "\"chunked\""}) {
    ASSERT_TRUE(CheckTransferEncoding(value).has_value()) << value;
    EXPECT_EQ(CheckTransferEncoding(value)->status, 400) << value;
  }
}

}  // namespace
}  // namespace assay::server
