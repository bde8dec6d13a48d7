import CapacityModel
import Testing

@testable import muster

@Suite("values in words")
struct ValuesTests {
    @Test(
        "money has at least two digits after the point and no idle ones beyond",
        arguments: [
            (0, "0.00 CNY"), (1_234_500_000, "1,234.50 CNY"), (83_333, "0.083333 CNY"), (-1_500_000, "-1.50 CNY"),
            (1_000_000_000_000, "1,000,000.00 CNY"), (1, "0.000001 CNY"), (.min, "-9,223,372,036,854.775808 CNY"),
        ] as [(Int64, String)]
    )
    func amounts(micro: Int64, text: String) {
        #expect(money(micro, "CNY") == text)
    }

    @Test("the points of a column of amounts stand under each other")
    func column() {
        let amounts: [Int64] = [48_930, 9_333, 1_000_000_000]
        let digits = moneyDigits(amounts)
        let written = amounts.map { money($0, "CNY", digits: digits) }
        #expect(written == ["0.048930 CNY", "0.009333 CNY", "1,000.000000 CNY"])
        #expect(moneyDigits([1_500_000, 20_000]) == 2 && moneyDigits([1_500_000, 25_000]) == 3)
        #expect(moneyDigits([]) == 2 && moneyDigits([.min, 0]) == 6)
    }

    @Test(
        "durations are said as a person would",
        arguments: [
            (0, "0 s"), (59, "59 s"), (60, "1 min"), (125, "2 min 5 s"), (14_400, "4 h"), (16_200, "4 h 30 min"),
            (259_200, "3 d"), (-125, "-2 min 5 s"),
        ] as [(Int64, String)]
    )
    func durations(seconds: Int64, text: String) {
        #expect(Duration.seconds(seconds).spoken == text)
        #expect(Duration.milliseconds(12_345).spoken == "12.3 s")
    }

    @Test("a share of 100 % is said only of all")
    func percents() {
        #expect(percent(999, of: 1_000) == "99 %")
        #expect(percent(1_000, of: 1_000) == "100 %")
        #expect(percent(0, of: 0) == "100 %")
    }

    @Test("numbers with a fixed count of digits are rounded once")
    func fixedDigits() {
        #expect(fixed(1.25, 1) == "1.3")
        #expect(fixed(0.999, 1) == "1.0")
        #expect(fixed(-0.04, 1) == "0.0")
        #expect(fixed(-12.5, 1) == "-12.5")
        #expect(fixed(3, 0) == "3")
        #expect(plain(0.05) == "0.05")
        #expect(plain(32) == "32")
    }

    @Test("percentiles are the nearest rank")
    func percentiles() {
        let values = Array(1...100)
        #expect(percentile(values, 0.5) == 50)
        #expect(percentile(values, 0.99) == 99)
        #expect(percentile(values, 1) == 100)
        #expect(percentile([7], 0.01) == 7)
        #expect(percentile([Int](), 0.5) == nil)
    }

    @Test(
        "what is shown to be typed can be typed",
        arguments: [
            ("order.yaml", "order.yaml"), ("my order", "'my order'"),
            ("it's", "'it'\\''s'"), ("", "''"), ("压测.yaml", "'压测.yaml'"), ("$HOME", "'$HOME'"),
        ])
    func shellWords(text: String, word: String) {
        #expect(shellWord(text) == word)
    }

    @Test("a path's segment and a query's value are escaped")
    func escaping() {
        #expect(Service.escaped("ord-12") == "ord-12")
        #expect(Service.escaped("a/b ?压") == "a%2Fb%20%3F%E5%8E%8B")
        #expect(orderPath("ord-1", ":cancel") == "/v1/orders/ord-1:cancel")
    }
}
