import CapacityAPI
import CapacityModel
import Testing

@testable import muster

@Suite("problems for people")
struct ProblemTextTests {
    @Test("each wrong field is told with its place in the file")
    func errors() throws {
        let file = try OrderFile(name: "order.yaml", text: "count: 0\nspec: { vcpu: -1 }\n")
        let problem = Problem(
            .invalidOrder,
            detail: "two things are wrong",
            errors: [
                FieldError(pointer: "/spec/vcpu", code: .outOfRange, detail: "from 0.01 to 1024; found -1"),
                FieldError(pointer: "/window", code: .missing, detail: "required"),
            ]
        )
        #expect(
            ProblemText.text(problem, file: file) == """
                  two things are wrong
                  order.yaml:2:9 /spec/vcpu: from 0.01 to 1024; found -1
                  order.yaml:1:1 /window: required
                """
        )
        #expect(ProblemText.text(problem).contains("  /spec/vcpu: from 0.01"))
        var first = problem
        first.detail = "/spec/vcpu: from 0.01 to 1024; found -1"
        #expect(
            ProblemText.text(first) == """
                  /spec/vcpu: from 0.01 to 1024; found -1
                  /window: required
                """,
            "not the first of them twice"
        )
    }

    @Test("a refusal shows what binds, what would work, and the commands that accept it")
    func offers() throws {
        let price = PriceView(
            currency: "CNY",
            lines: [.init(area: .south, count: 8, instanceSeconds: 80, instanceHourMicro: 1, amountMicro: 12_500_000)]
        )
        let noon = Instant(secondsSinceEpoch: 1_781_697_600)
        let window = Window(start: noon, duration: .seconds(14_400))
        let later = Window(start: noon + .seconds(3_600), duration: .seconds(14_400))
        let problem = Problem(
            .insufficientCapacity,
            detail: "8 of 10 can be had",
            gap: [
                GapView(Gap(bound: .capacity, missing: 2, detail: "hosts are full")),
                GapView(Gap(bound: .spread, level: .site, missing: 1, detail: "at most 2 a site")),
            ],
            offers: [
                OfferView(
                    kind: .fewer, count: 8, window: WindowView(window), price: price, quoteId: "q-1",
                    expiresAt: noon + .seconds(300), heldUntil: noon + .seconds(60)
                ),
                OfferView(
                    kind: .later, count: 10, window: WindowView(later), price: price, quoteId: "q-2",
                    expiresAt: noon + .seconds(300), heldUntil: noon + .seconds(60)
                ),
                OfferView(
                    kind: .wider, count: 10, window: WindowView(window), price: price, quoteId: "q-3",
                    expiresAt: noon + .seconds(300), scope: Scope(include: [Scope.Selector(province: "44")])
                ),
            ]
        )
        let file = try OrderFile(name: "my order.yaml", text: "count: 10")
        #expect(
            ProblemText.text(problem, file: file) == """
                  8 of 10 can be had

                What binds:

                bound           missing  why
                capacity              2  hosts are full
                spread by site        1  at most 2 a site

                What would work instead:

                offer  instances  window                                                 price  held until  good until  what changes
                fewer          8  2026-06-17T12:00:00Z to 2026-06-17T16:00:00Z, 4 h  12.50 CNY  12:01:00Z   12:05:00Z   the count
                later         10  2026-06-17T13:00:00Z to 2026-06-17T17:00:00Z, 4 h  12.50 CNY  12:01:00Z   12:05:00Z   the start
                wider         10  2026-06-17T12:00:00Z to 2026-06-17T16:00:00Z, 4 h  12.50 CNY  -           12:05:00Z   from province 44

                To accept one:

                  muster order create --quote q-1
                  muster order create --quote q-2
                  muster order create --quote q-3
                """
        )
    }

    @Test("another spec is told with all of its amounts, the share of a GPU among them")
    func otherSpec() {
        let window = WindowView(Window(start: Instant(secondsSinceEpoch: 0), duration: .seconds(60)))
        let unit = Resources(
            vcpuMilli: 1_000, memoryMiB: 512, diskGiB: 5, gpuModel: "G2", gpuShareMilli: 250)
        let offer = OfferView(
            kind: .otherSpec, count: 4, window: window, price: nil, quoteId: nil, expiresAt: nil,
            spec: AmountsView(unit))
        let text = ProblemText.text(Problem(.insufficientCapacity, offers: [offer]))
        #expect(text.contains("1 vCPU, 512 MiB, 5 GiB disk, 0.25 x G2 each"))
    }

    @Test("a shorter extension is told with its end, without a price, and with no command to accept it")
    func shorter() {
        let noon = Instant(secondsSinceEpoch: 1_781_697_600)
        let window = WindowView(Window(start: noon, duration: .seconds(7_140)))
        let offer = OfferView(kind: .shorter, count: 2, window: window, price: nil, quoteId: nil, expiresAt: nil)
        let text = ProblemText.text(Problem(.quotaExceeded, detail: "three are allowed", offers: [offer]))
        #expect(
            text == """
                  three are allowed

                What would work instead:

                offer    instances  window                                                    price  held until  good until  what changes
                shorter          2  2026-06-17T12:00:00Z to 2026-06-17T13:59:00Z, 1 h 59 min      -  -           -           the end: 2026-06-17T13:59:00Z
                """
        )
    }

    @Test("a spec larger than any host is told field by field, before what binds")
    func tooLarge() throws {
        let problem = Problem(
            .insufficientCapacity,
            detail: "0 can be had, 3 are missing",
            errors: [
                FieldError(
                    pointer: "/spec/vcpu", code: .exceedsEveryHost,
                    detail: "16.5 vCPU asked for; the largest host in scope has 8 vCPU")
            ],
            gap: [GapView(Gap(bound: .spec, missing: 3, detail: "No host is large enough."))]
        )
        let file = try OrderFile(name: "order.yaml", text: "count: 3\nspec: { vcpu: 16.5 }\n")
        #expect(
            ProblemText.text(problem, file: file) == """
                  0 can be had, 3 are missing
                  order.yaml:2:9 /spec/vcpu: 16.5 vCPU asked for; the largest host in scope has 8 vCPU

                What binds:

                bound  missing  why
                spec         3  No host is large enough.
                """
        )
    }

    private static let noImage = Problem(
        .invalidOrder,
        detail: "the order was given up: no such image",
        errors: [FieldError(pointer: "/spec/image", code: .imageNotFound, detail: "no such image")]
    )

    @Test("an order that was given up is shown with why, naming the field")
    func givenUp() {
        var order = OrderSample.order(count: 10, state: .settled, instances: InstanceCounts(), refused: 10)
        order.plan = PlanView(groups: [], relaxed: [])
        order.problem = Self.noImage
        let text = OrderDescription.text(order)
        #expect(
            text.hasSuffix(
                """
                counts     10 refused

                The order was given up: The request is not valid
                  /spec/image: no such image

                province  sites  hosts  instances
                all           0      0          0

                """
            )
        )
    }

    @Test("whoever waits for an order that is given up gets the status of a bad order, and the place in his file")
    func givenUpWhileWaiting() throws {
        var failure = Failure(givenUp: "ord-1", Self.noImage)
        failure.file = try OrderFile(name: "order.yaml", text: "count: 1\nspec: { vcpu: 1, image: typo }\n")
        #expect(failure.status == .invalid)
        #expect(
            failure.text == """
                error: order ord-1 was given up: The request is not valid
                  order.yaml:2:18 /spec/image: no such image
                """
        )
    }

    @Test("an order is shown with its counts and its plan by province")
    func order() {
        let text = OrderDescription.text(OrderSample.order(count: 10))
        #expect(
            text == """
                order      ord-1
                name       probe
                state      accepted
                instances  10 x container 0.05 vCPU, 16 MiB (muster.local/probe:1)
                window     2026-06-17T12:00:00Z to 2026-06-17T12:10:00Z, 10 min
                made       2026-06-17T12:00:00Z
                price      0.010027 CNY
                counts     10 planned

                province      sites  hosts  instances
                44 Guangdong      1      1          7
                11 Beijing        1      1          3
                all               2      2         10

                """
        )
    }

    @Test("an order shows what it holds against the loss of a site, and for how much")
    func spare() {
        var order = OrderSample.order(count: 10)
        order.survive = Survival()
        order.spare = SpareView(order.survive, groups: Array(order.plan.groups.suffix(1)))
        #expect(
            OrderDescription.text(order).contains(
                "\nspare      3 held at 1 site against the loss of any one, for 0.00 CNY\n"))
        order.spare = SpareView(order.survive, groups: [])
        #expect(OrderDescription.text(order).contains("\nspare      none is left; looked for every minute\n"))
    }
}
