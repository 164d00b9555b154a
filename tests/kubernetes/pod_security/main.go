// pod-security: which checks of the Pod Security Standard "restricted" each pod breaks, by the upstream evaluator.
//
// Standard input: a JSON list of {"name", "metadata", "spec"}. Standard output: a JSON list of {"name", "check", "reason"}.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

type pod struct {
	Name     string            `json:"name"`
	Metadata metav1.ObjectMeta `json:"metadata"`
	Spec     corev1.PodSpec    `json:"spec"`
}

type violation struct {
	Name   string `json:"name"`
	Check  string `json:"check"`
	Reason string `json:"reason"`
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	var pods []pod
	decoder := json.NewDecoder(os.Stdin)
	decoder.DisallowUnknownFields()
	fail(decoder.Decode(&pods))
	restricted := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	found := []violation{}
	for _, check := range policy.DefaultChecks() {
		evaluator, err := policy.NewEvaluator([]policy.Check{check}, nil)
		fail(err)
		for i := range pods {
			for _, result := range evaluator.EvaluatePod(restricted, &pods[i].Metadata, &pods[i].Spec) {
				if !result.Allowed {
					reason := result.ForbiddenReason + ": " + result.ForbiddenDetail
					found = append(found, violation{pods[i].Name, string(check.ID), reason})
				}
			}
		}
	}
	fail(json.NewEncoder(os.Stdout).Encode(found))
}
