// A consumer written by hand in Go: franz-go, goroutines, a watermark commit. At least once.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// partition knows which of its records are begun and not finished, in their order.
type partition struct {
	open map[int64]bool // true: finished
	from int64          // the oldest that is not finished
	next int64
}

type watermark struct {
	sync.Mutex
	partitions map[int32]*partition
}

func (w *watermark) begin(r *kgo.Record) {
	w.Lock()
	defer w.Unlock()
	p := w.partitions[r.Partition]
	if p == nil {
		p = &partition{open: map[int64]bool{}, from: r.Offset}
		w.partitions[r.Partition] = p
	}
	p.open[r.Offset] = false
	p.next = r.Offset + 1
}

func (w *watermark) finish(r *kgo.Record) {
	w.Lock()
	defer w.Unlock()
	p := w.partitions[r.Partition]
	p.open[r.Offset] = true
	for p.from < p.next {
		done, known := p.open[p.from]
		if known && !done {
			return
		}
		delete(p.open, p.from)
		p.from++
	}
}

func (w *watermark) offsets(topic string) map[string]map[int32]kgo.EpochOffset {
	w.Lock()
	defer w.Unlock()
	found := map[int32]kgo.EpochOffset{}
	for number, p := range w.partitions {
		found[number] = kgo.EpochOffset{Epoch: -1, Offset: p.from}
	}
	return map[string]map[int32]kgo.EpochOffset{topic: found}
}

const system = `Classify tickets by what the customer wants most.
billing: payments, invoices, refunds, prices, plans
technical: errors, outages, bugs, slowness, integrations
product_feedback: wishes, praise and complaints about the product
account: access, passwords, users, profile, closing an account
unknown: none fits`

type object = map[string]any

func question(text string) object {
	return object{
		"model": "claude-haiku-5-5", "max_tokens": 100,
		"thinking": object{"type": "disabled"}, "system": system,
		"messages": []object{{"role": "user", "content": text}},
		"output_config": object{"format": object{"type": "json_schema", "schema": object{
			"type": "object", "additionalProperties": false,
			"required": []string{"category", "confidence"},
			"properties": object{
				"category": object{"type": "string", "enum": []string{
					"billing", "technical", "product_feedback", "account", "unknown"}},
				"confidence": object{"type": "number"},
			},
		}}},
	}
}

func ask(client *http.Client, url, text string) (object, error) {
	body, err := json.Marshal(question(text))
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequest("POST", url+"/v1/messages", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("content-type", "application/json")
	request.Header.Set("authorization", "Bearer stub")
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != 200 {
		return nil, fmt.Errorf("status %d", response.StatusCode)
	}
	var message struct{ Content []struct{ Type, Text string } }
	if err := json.Unmarshal(data, &message); err != nil {
		return nil, err
	}
	var answer object
	err = json.Unmarshal([]byte(message.Content[0].Text), &answer)
	return answer, err
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func main() {
	topic, url := os.Getenv("BENCH_TOPIC"), os.Getenv("BENCH_API")
	calls := must(strconv.Atoi(os.Getenv("BENCH_CALLS")))
	session := must(strconv.Atoi(os.Getenv("BENCH_SESSION_MS")))
	kafka := must(kgo.NewClient(
		kgo.SeedBrokers(os.Getenv("BENCH_KAFKA")),
		kgo.ConsumerGroup(topic), kgo.ConsumeTopics(topic), kgo.DisableAutoCommit(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.SessionTimeout(time.Duration(session)*time.Millisecond),
		kgo.ProducerLinger(5*time.Millisecond),
	))
	client := &http.Client{Transport: &http.Transport{
		MaxIdleConnsPerHost: calls, MaxConnsPerHost: calls}}
	marks := &watermark{partitions: map[int32]*partition{}}
	slots := make(chan struct{}, calls)
	ctx := context.Background()
	go func() {
		for range time.Tick(time.Second) {
			kafka.CommitOffsetsSync(ctx, marks.offsets(topic), nil)
		}
	}()
	for {
		for _, record := range kafka.PollRecords(ctx, 500).Records() {
			slots <- struct{}{}
			marks.begin(record)
			go func() {
				defer func() { <-slots }()
				var ticket object
				if err := json.Unmarshal(record.Value, &ticket); err != nil {
					panic(err)
				}
				answer := must(ask(client, url, ticket["text"].(string)))
				for name, value := range answer {
					ticket[name] = value
				}
				category := strings.ReplaceAll(answer["category"].(string), "_", "-")
				routed := &kgo.Record{Topic: topic + "." + category, Key: record.Key,
					Value: must(json.Marshal(ticket))}
				must(0, kafka.ProduceSync(ctx, routed).FirstErr())
				marks.finish(record)
			}()
		}
	}
}
