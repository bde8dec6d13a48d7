extension String {
    /// The longest beginning of this text that takes at most `limit` bytes, cut between characters of Unicode.
    ///
    /// Cut within one, its rest would be read as U+FFFD, which takes three bytes: more than what was cut off.
    package func cut(toBytes limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var end = utf8.index(startIndex, offsetBy: max(0, limit))
        while end.samePosition(in: unicodeScalars) == nil { end = utf8.index(before: end) }
        return String(self[..<end])
    }
}
