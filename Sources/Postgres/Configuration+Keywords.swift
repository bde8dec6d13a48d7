import CLibPQ

extension Configuration {
    /// The keywords libpq connects with. Those before `dbname` are defaults the connection string may override; those
    /// after it have the last word.
    func keywords() throws(PostgresError) -> [(name: String, value: String)] {
        let own = try ownOptions()
        var keywords: [(String, String)] = [
            ("keepalives_idle", "10"),
            ("keepalives_interval", "5"),
            ("keepalives_count", "3"),
            ("tcp_user_timeout", "20000"),
            ("dbname", conninfo),
            ("client_encoding", "UTF8"),
            ("application_name", applicationName),
            ("connect_timeout", "\(max(2, (connectTimeout.milliseconds + 999) / 1000))"),
        ]
        if preparesStatements { keywords.append(("options", startupOptions(after: own))) }
        if let database { keywords.append(("dbname", database)) }
        return keywords
    }

    /// The `options` inside the connection string. Finds a malformed string before a connection is tried.
    private func ownOptions() throws(PostgresError) -> String {
        var complaint: UnsafeMutablePointer<CChar>?
        guard let options = PQconninfoParse(conninfo, &complaint) else {
            defer { PQfreemem(complaint) }
            let message = complaint.map { String(cString: $0).trimmed } ?? "the connection string cannot be read"
            throw PostgresError(kind: .usage, message: message)
        }
        defer { PQconninfoFree(options) }
        var option = options
        while let keyword = option.pointee.keyword {
            if String(cString: keyword) == "options", let value = option.pointee.val { return String(cString: value) }
            option += 1
        }
        return ""
    }
}
